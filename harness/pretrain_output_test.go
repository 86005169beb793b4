package harness

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mtobench/mtobench/internal/resultfile"
)

// TestPretrainPrintsNothingButTheFormat: a line of progress would split result lines, and benchstat would
// count one run where there were ten (methodology 3.3).
func TestPretrainPrintsNothingButTheFormat(t *testing.T) {
	if testing.Short() {
		t.Skip("trains two models")
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^$", "-test.bench", "Pretrain", "-test.benchtime", "1x", "-images", "512", "-target", "20")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	f := resultfile.Parse("output", out)
	require.Empty(t, f.Problems)
	require.Empty(t, f.Foreign)
	var arms []string
	for _, l := range f.Lines {
		arms = append(arms, l.Arm())
		require.Equal(t, "glyphs", l.Config.Values["dataset"])
		_, ok := l.Value("epochs-to-target")
		require.True(t, ok)
	}
	require.Equal(t, "off on", strings.Join(arms, " "))
}
