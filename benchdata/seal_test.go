package benchdata

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSealedSetHoldsNoTestImage(t *testing.T) {
	s, err := Open("glyphs", Options{Side: 16})
	require.NoError(t, err)
	test, hash, n := s.Test, s.SHA256, s.Test.Len()
	sealed := s.Seal()
	require.Zero(t, s.Test.Len())
	require.Empty(t, s.Test.Images)
	require.Empty(t, s.Test.Labels)
	require.Equal(t, hash, s.SHA256)
	require.Equal(t, n, sealed.Len())
	require.Equal(t, test, sealed.Open())
}
