package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/harness"
)

// The runtime's own status of a panic, 2, would mean that results can't be interpreted.
func TestPanicIsABug(t *testing.T) {
	require.Equal(t, harness.ExitBug, guarded(func() int { panic("broken") }))
	require.Equal(t, harness.ExitResumable, guarded(func() int { return harness.ExitResumable }))
}

func TestWrongArgumentsAreOfTheConfiguration(t *testing.T) {
	for _, c := range []peakCommand{{Seconds: 0}, {Seconds: 1, Threads: []int{0}}, {Seconds: 1, Only: "("}} {
		require.Equal(t, harness.ExitConfig, harness.ExitStatus(c.Run()), c)
	}
}
