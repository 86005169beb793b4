package harness

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func sampleUpdate() Update {
	return Update{
		Job: Job{Kind: jobPair, Seed: 3, Arm: ArmOn}, Index: 4, Total: 13,
		Progress: Progress{Step: 160, Steps: 320, Top1: 51.25, WallNS: 14e9}, Left: 80 * time.Second,
	}
}

func TestTerminalShowsOneLineThatIsRewritten(t *testing.T) {
	var b bytes.Buffer
	now := time.Hour
	s := StatusLine{W: &b, Terminal: true, Width: func() int { return 40 }, clock: clock{since: func() time.Duration { return now }}}
	s.Update(sampleUpdate()) // what lasts no moment leaves no line
	require.Empty(t, b.String())
	now += redraw
	s.Update(sampleUpdate())
	require.Equal(t, "\rrun 5 of 13  seed 3 mto=on  50.0%  top-\x1b[K", b.String())
	b.Reset()
	now += redraw - 1
	s.Update(sampleUpdate()) // too soon
	require.Empty(t, b.String())
	s.Finish(sampleUpdate())
	require.Equal(t, "\r\x1b[Krun 5 of 13  seed 3 mto=on: top-1 51.25 %, 14s, 1m20s left\n", b.String())
}

func TestElsewhereThereAreWholeLinesOnly(t *testing.T) {
	var b bytes.Buffer
	now := time.Hour
	s := StatusLine{W: &b, clock: clock{since: func() time.Duration { return now }}}
	for range 1000 {
		s.Update(sampleUpdate())
	}
	require.Empty(t, b.String())
	now += 2 * time.Minute
	s.Update(sampleUpdate())
	u := sampleUpdate()
	u.Err = errors.New("loss NaN")
	s.Finish(u)
	s.Clear()
	require.Equal(t, "run 5 of 13  seed 3 mto=on  50.0%  top-1 51.2%  1m20s left\nrun 5 of 13  seed 3 mto=on: failed: loss NaN\n", b.String())
	require.False(t, strings.ContainsAny(b.String(), "\r\x1b"))
}

func TestDurationsForPeople(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0.6s": 600 * time.Millisecond, "14s": 14 * time.Second, "3m20s": 200 * time.Second, "2h05m": 125 * time.Minute, "59m59s": 3599 * time.Second,
	} {
		require.Equal(t, want, Duration(d))
	}
}

func TestTimeLeftIsTheRateOfWhatWasDone(t *testing.T) {
	e := newEstimate([]int{100, 100, 100})
	now := time.Hour
	e.clock.since = func() time.Duration { return now }
	e.skip()
	e.begin()
	require.Zero(t, e.left(Progress{Step: 50})) // resumed at 50: no rate yet
	now += 10 * time.Second
	// 10 s for 10 steps, 40 of this run and 100 of the next to go
	require.Equal(t, 140*time.Second, e.left(Progress{Step: 60}))
}
