package harness

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The real stepper, a few moments: killed, powered off or terminated, each run ends with the weights of an
// undisturbed one.
func TestLostReal(t *testing.T) {
	if testing.Short() {
		t.Skip("each moment trains a model")
	}
	l := &lostRun{}
	start := func(spec childSpec, j Job) (*process, time.Time) {
		spec.Real = true
		p := &process{Cmd: spec.command(t, j), t: t}
		p.Stdout, p.Stderr = &p.out, &p.out
		var err error
		p.stdin, err = p.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, p.Start())
		return p, time.Now()
	}
	end := func(j Job) (curve Curve, digest string) {
		steps, err := checkpoints(j.Dir)
		require.NoError(t, err)
		file, err := readCheckpoint(checkpointPath(j.Dir, steps[len(steps)-1]))
		require.NoError(t, err)
		require.Equal(t, "32", file.Metadata["step"])
		file.Metadata = nil
		digest, err = file.Digest()
		require.NoError(t, err)
		return curveOf(t, j.Dir), digest
	}
	whole := realRunIn(t, t.TempDir())
	p, begin := start(childSpec{Count: true}, whole)
	status, text := p.end()
	require.Zero(t, status, text)
	l.takes, l.operations = time.Since(begin), operationsIn(t, text)
	wantCurve, wantDigest := end(whole)

	few(t, func(t *testing.T, random *rand.Rand) string {
		j := realRunIn(t, t.TempDir())
		how := []string{"killed", "down", "terminated"}[random.IntN(3)]
		spec := childSpec{Seed: random.Uint64(), Power: how == "down"}
		if how == "down" || random.IntN(2) == 0 {
			spec.Crash = l.operation(random)
		}
		p, _ := start(spec, j)
		if spec.Crash == 0 {
			time.Sleep(l.moment(random))
			if how == "killed" {
				p.Process.Kill()
			} else {
				p.stdin.Close()
			}
		}
		p.end()
		how += " " + got(t, j)
		p, _ = start(childSpec{}, j)
		status, text := p.end()
		require.Zero(t, status, text)
		curve, digest := end(j)
		require.Equal(t, wantCurve, curve)
		require.Equal(t, wantDigest, digest, "weights, moments and average")
		require.NoFileExists(t, filepath.Join(j.Dir, holdName))
		return how + ": same bits"
	})
}

// few is moments where each takes long: a fifth of them.
func few(t *testing.T, at func(t *testing.T, random *rand.Rand) string) {
	all := *momentsFlag
	defer func() { *momentsFlag = all }()
	switch {
	case all > 0:
		*momentsFlag = (all + 4) / 5
	case os.Getenv("CI") != "":
		*momentsFlag = 4
	default:
		*momentsFlag = 1
	}
	moments(t, at)
}
