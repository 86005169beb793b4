package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatPeopleTypeFirstIsAnswered(t *testing.T) {
	require.Equal(t, []string{"--help"}, polite(nil))
	require.Equal(t, []string{"--help"}, polite([]string{"help"}))
	require.Equal(t, []string{"run", "--help"}, polite([]string{"help", "run"}))
	require.Equal(t, []string{"run", "help"}, polite([]string{"run", "help"}))
	for _, want := range []string{"mtobench ", "numerics ", "go1."} {
		require.Contains(t, version(), want)
	}
	require.Equal(t, 1, len(strings.Split(version(), "\n")))
}
