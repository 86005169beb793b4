package spelling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDistance(t *testing.T) {
	check := func(want int, a, b string) {
		t.Helper()
		require.Equal(t, want, Distance(a, b))
		require.Equal(t, want, Distance(b, a))
	}
	check(0, "", "")
	check(3, "", "abc")
	check(3, "kitten", "sitting")
	check(1, "epochs", "epoch")
	check(2, "mirco", "micro") // two exchanged letters are two replacements
	require.Equal(t, "b", Nearest("bb", []string{"aaa", "b", "c"}))
}

func TestNearestIsTheFirstOfEquals(t *testing.T) {
	require.Equal(t, "simmim", Nearest("simim", []string{"mae", "simmim"}))
	require.Equal(t, "ab", Nearest("a", []string{"ab", "ac"}))
}
