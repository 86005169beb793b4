package harness

import (
	"fmt"
	"io"
	"time"
)

// A StatusLine is a Monitor for people: on a terminal one line that is rewritten, elsewhere a line for
// every finished run and now and then one in between.
type StatusLine struct {
	W        io.Writer
	Terminal bool
	Width    func() int // columns of the terminal; nil: 80
	clock    clock      // zero: the machine's
	shown    bool
	begun    bool
	drawn    time.Duration // by the clock that only grows
}

// How often Update writes: on a terminal, and elsewhere.
const (
	redraw  = 200 * time.Millisecond
	logEach = time.Minute
)

var _ Monitor = (*StatusLine)(nil)

// Say prints a line.
func (s *StatusLine) Say(line string) {
	s.Clear()
	fmt.Fprintln(s.W, line)
}

// Update redraws the status line.
func (s *StatusLine) Update(u Update) {
	now := s.now()
	if !s.begun {
		s.begun, s.drawn = true, now
	}
	if wait := now - s.drawn; s.Terminal && wait < redraw || !s.Terminal && wait < logEach {
		return
	}
	s.drawn = now
	line := describe(u)
	if !s.Terminal {
		fmt.Fprintln(s.W, line)
		return
	}
	width := 80
	if s.Width != nil {
		width = s.Width()
	}
	fmt.Fprintf(s.W, "\r%s\x1b[K", line[:min(len(line), max(0, width-1))])
	s.shown = true
}

func (s *StatusLine) now() time.Duration {
	if s.clock.since == nil {
		s.clock = systemClock
	}
	return s.clock.since()
}

// describe is the state of a study in one line.
func describe(u Update) string {
	p := u.Progress
	line := fmt.Sprintf("run %d of %d  %s  %.1f%%", u.Index+1, u.Total, u.Job, 100*float64(p.Step)/float64(max(1, p.Steps)))
	if p.Top1 > 0 {
		line += fmt.Sprintf("  top-1 %.1f%%", p.Top1)
	}
	if p.Stage != "" {
		line += "  " + p.Stage
	}
	if u.Left > 0 {
		line += "  " + Duration(u.Left) + " left"
	}
	return line
}

// Finish prints how a run ended.
func (s *StatusLine) Finish(u Update) {
	s.begun, s.drawn = true, s.now()
	state := fmt.Sprintf("top-1 %.2f %%, %s", u.Progress.Top1, Duration(time.Duration(u.Progress.WallNS)))
	switch {
	case u.Skipped:
		state = "finished before"
	case u.Err != nil:
		state = "failed: " + u.Err.Error()
	}
	if u.Left > 0 && u.Err == nil {
		state += ", " + Duration(u.Left) + " left"
	}
	s.Say(fmt.Sprintf("run %d of %d  %s: %s", u.Index+1, u.Total, u.Job, state))
}

// Clear takes the status line down.
func (s *StatusLine) Clear() {
	if s.shown {
		fmt.Fprint(s.W, "\r\x1b[K")
		s.shown = false
	}
}

// Duration is a time in the two largest units that fit, for people: 2h05m, 3m20s, 14s, 0.6s.
func Duration(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// silent is the Monitor of nobody.
type silent struct{}

func (silent) Say(string)    {}
func (silent) Update(Update) {}
func (silent) Finish(Update) {}
func (silent) Clear()        {}
