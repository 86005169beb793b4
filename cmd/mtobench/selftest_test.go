package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/harness"
)

// The folder of an interrupted self-test is removed unless it was asked for: then, and only then, the same command goes on.
func TestAnInterruptedSelfTestCanBeContinuedOnlyWhereItsRunsAreKept(t *testing.T) {
	interrupted := fmt.Errorf("seed 1: %w", harness.ErrInterrupted)
	require.Equal(t, harness.ExitResumable, harness.ExitStatus((&selftestCommand{Out: "kept"}).told(interrupted)))
	gone := (&selftestCommand{}).told(interrupted)
	require.Equal(t, harness.ExitFailed, harness.ExitStatus(gone))
	require.ErrorContains(t, gone, "--out FOLDER")
	require.Equal(t, errSelfTest, (&selftestCommand{}).told(errSelfTest))
}
