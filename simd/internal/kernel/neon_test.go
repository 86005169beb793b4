package kernel

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNEONWords assembles each macro of neon_arm64.h with Go's assembler and compares what binutils disassembles with
// the comment of its line. It needs no arm64 machine.
func TestNEONWords(t *testing.T) {
	objdump, err := exec.LookPath("aarch64-linux-gnu-objdump")
	if err != nil {
		t.Skip("aarch64-linux-gnu-objdump isn't installed (package binutils-aarch64-linux-gnu)")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command here")
	}
	header, err := os.ReadFile("neon_arm64.h")
	require.NoError(t, err)
	macro := regexp.MustCompile(`(?m)^#define (\w+)\(([a-z, ]+)\) WORD .* // (.*)$`)
	immediates := map[string][]int{"i": {1, 3, 2}, "s": {1, 23, 31}, "b": {4, 8, 12}}
	var calls, want []string
	for _, m := range macro.FindAllStringSubmatch(string(header), -1) {
		for try, registers := range [][]int{{1, 2, 3}, {28, 29, 27}, {23, 8, 14}} {
			var arguments []string
			text := m[3]
			for k, name := range strings.Split(m[2], ", ") {
				var n int
				if few, ok := immediates[name]; ok {
					n = few[try]
				} else {
					n = registers[k]
				}
				arguments = append(arguments, strconv.Itoa(n))
				text = strings.NewReplacer(
					"V"+name+".", fmt.Sprintf("v%d.", n), "X"+name, fmt.Sprintf("x%d", n), "#"+name, fmt.Sprint("#", n),
					"V("+name+"+1).", fmt.Sprintf("v%d.", n+1), "V("+name+"+2).", fmt.Sprintf("v%d.", n+2), "V("+name+"+3).", fmt.Sprintf("v%d.", n+3),
				).Replace(text)
			}
			calls = append(calls, fmt.Sprintf("%s(%s)", m[1], strings.Join(arguments, ", ")))
			want = append(want, regexp.MustCompile(`\[#(\d)\]`).ReplaceAllString(text, "[$1]"))
		}
	}
	require.Equal(t, strings.Count(string(header), "#define "), len(calls)/3, "a macro without its comment, or in another form")

	words := assembledWords(t, calls)
	got := disassembled(t, objdump, words)
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i], got[i], calls[i])
	}
}

// assembledWords returns what Go's assembler makes of the calls of macros.
func assembledWords(t *testing.T, calls []string) []string {
	t.Helper()
	dir := t.TempDir()
	here, err := os.Getwd()
	require.NoError(t, err)
	source := "#include \"neon_arm64.h\"\nTEXT ·f(SB), 4, $0-0\n\t" + strings.Join(calls, "\n\t") + "\n"
	file := filepath.Join(dir, "f_arm64.s")
	require.NoError(t, os.WriteFile(file, []byte(source), 0o600))
	cmd := exec.Command("go", "tool", "asm", "-S", "-p", "f", "-I", here, "-o", os.DevNull, file)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	var words []string
	for _, m := range regexp.MustCompile(`\tWORD\t\$(-?\d+)`).FindAllStringSubmatch(string(out), -1) {
		n, err := strconv.ParseInt(m[1], 10, 64)
		require.NoError(t, err)
		words = append(words, fmt.Sprintf("%08x", uint32(n)))
	}
	require.Len(t, words, len(calls), string(out))
	return words
}

// disassembled returns binutils' text of little-endian words, single spaces between mnemonic and operands.
func disassembled(t *testing.T, objdump string, words []string) []string {
	t.Helper()
	var code []byte
	for _, w := range words {
		n, err := strconv.ParseUint(w, 16, 32)
		require.NoError(t, err)
		code = append(code, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	file := filepath.Join(t.TempDir(), "words")
	require.NoError(t, os.WriteFile(file, code, 0o600))
	out, err := exec.Command(objdump, "-D", "-b", "binary", "-m", "aarch64", file).CombinedOutput()
	require.NoError(t, err, string(out))
	var texts []string
	for _, m := range regexp.MustCompile(`(?m)^ +[0-9a-f]+:\t[0-9a-f]{8} \t(.*)$`).FindAllStringSubmatch(string(out), -1) {
		texts = append(texts, strings.Join(strings.Fields(m[1]), " "))
	}
	return texts
}
