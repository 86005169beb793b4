package harness

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// Threads that wait take no processor time, and there are no more of them than were asked for.
func TestProcessorTimeOfStepsIsAtMostThatOfTheirThreads(t *testing.T) {
	const threads = 2
	rc := identityConfig(t, "mae", "on")
	rc.Train.Epochs = 40
	trainer, err := NewTrainer(rc, noiseSet(12, 3, 60), threads)
	require.NoError(t, err)
	defer trainer.Close()
	runtime.GC() // none of the tests before, meanwhile
	var wall, cpu int64
	for !trainer.Done() {
		s, err := trainer.Step()
		require.NoError(t, err)
		require.GreaterOrEqual(t, s.CPUNS, int64(0))
		wall, cpu = wall+s.TrainNS, cpu+s.CPUNS
	}
	require.Positive(t, cpu)
	require.LessOrEqual(t, float64(cpu), 1.1*threads*float64(wall)+50e6, "the system counts in ticks")
}
