package benchdata

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 47040016: "47,040,016", -1234: "-1,234", -123: "-123"} {
		require.Equal(t, want, thousands(n))
	}
}
