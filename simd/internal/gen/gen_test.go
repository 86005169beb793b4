package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The register allocator knows 32 vector registers whatever the function is for: one beyond the 16 of AVX2 would end
// the program on a CPU without AVX-512.
func TestAVX2KernelsUseNothingOfAVX512(t *testing.T) {
	files, err := filepath.Glob("../kernel/*_amd64.s")
	require.NoError(t, err)
	beyond := regexp.MustCompile(`\b(Z[0-9]+|[XY](1[6-9]|2[0-9]|3[01])|K[0-7])\b`)
	functions := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, f := range strings.Split(string(text), "\nTEXT ")[1:] {
			name, body, _ := strings.Cut(f, "(SB)")
			if strings.HasSuffix(name, "AVX2") {
				functions++
				require.Empty(t, beyond.FindString(body), "%s in %s", name, file)
			}
		}
	}
	require.Greater(t, functions, 10)
}
