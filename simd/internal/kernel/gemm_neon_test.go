package kernel

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNEONTilesRunCloseToTheirIdeal counts the instructions of the loops of NEON's microkernels, as binutils
// disassembles them, and compares with the fewest that gemm_tile_arm64.h derives for the tile. It needs no arm64 machine.
func TestNEONTilesRunCloseToTheirIdeal(t *testing.T) {
	objdump, err := exec.LookPath("aarch64-linux-gnu-objdump")
	if err != nil {
		t.Skip("aarch64-linux-gnu-objdump isn't installed (package binutils-aarch64-linux-gnu)")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command here")
	}
	const rows, most = 6, 1.10
	code := arm64Code(t)
	for cols := 4; cols <= 16; cols += 4 {
		name := fmt.Sprintf("multiplyTile%dNEON", cols)
		require.Contains(t, code, name)
		multiplyAdds := rows * cols / 4
		ideal := map[string]float64{
			"A along k":    float64(multiplyAdds) + 1 + rows/16.,
			"A by columns": float64(multiplyAdds) + 1 + 1,
		}
		for _, body := range loops(t, disassembled(t, objdump, code[name])) {
			count := 0
			for _, instruction := range body {
				if strings.HasPrefix(instruction, "fmla ") {
					count++
				}
			}
			if count == 0 {
				continue
			}
			require.Zero(t, count%multiplyAdds, "%s: a loop with a part of a step", name)
			text := strings.Join(body, "\n")
			kind := "A along k"
			switch {
			case strings.Contains(text, "ld1r "):
				continue // what is left over, at most four k, and columns of A too few and too close for the loop of columns
			case !strings.Contains(text, "[x11]"):
				kind = "A by columns"
			}
			want, ok := ideal[kind]
			require.True(t, ok, "%s: two loops for %s", name, kind)
			delete(ideal, kind)
			steps := float64(count / multiplyAdds)
			ratio := float64(len(body)) / steps / want
			t.Logf("%s, %s: %d instructions on %d FMLA, %.3f each; %.3f of the ideal", name, kind, len(body), count, float64(len(body))/float64(count), ratio)
			require.LessOrEqual(t, ratio, most, "%s, %s", name, kind)
		}
		require.Empty(t, ideal, "%s: loops not found", name)
	}
}

// arm64Code returns the words of this package's assembly functions for arm64, by the functions' names.
func arm64Code(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "build", "-asmflags=-S", ".")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	listing, err := cmd.CombinedOutput()
	require.NoError(t, err, string(listing))
	head := regexp.MustCompile(`^(?:\S*\.)?(\w+) STEXT `)
	bytes := regexp.MustCompile(`^\t0x[0-9a-f]{4,} ((?:[0-9a-f]{2} ){4,16})`)
	code := map[string][]string{}
	name := ""
	for line := range strings.Lines(string(listing)) {
		if m := head.FindStringSubmatch(line); m != nil {
			name = m[1]
		} else if m := bytes.FindStringSubmatch(line); m != nil && name != "" {
			for b := strings.Fields(m[1]); len(b) >= 4; b = b[4:] {
				code[name] = append(code[name], b[3]+b[2]+b[1]+b[0])
			}
		} else if !strings.HasPrefix(line, "\t") {
			name = ""
		}
	}
	return code
}

// loops returns the instructions of the innermost loops: from where a conditional branch leads back to, to that branch.
func loops(t *testing.T, texts []string) [][]string {
	t.Helper()
	branch := regexp.MustCompile(`^(?:b\.\w+|cbn?z \w+,|tbn?z \w+, #\d+,) 0x([0-9a-f]+)`)
	var found [][]string
	inside := 0 // a loop that begins before where the last one ended isn't innermost
	for i, text := range texts {
		m := branch.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		target, err := strconv.ParseUint(m[1], 16, 32)
		require.NoError(t, err)
		if to := int(target) / 4; to <= i && to >= inside {
			found = append(found, texts[to:i+1])
			inside = i + 1
		}
	}
	return found
}
