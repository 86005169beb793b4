package benchdata

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// numbered has n one-pixel images whose pixel and label tell their index.
func numbered(n int) Split {
	var s Split
	for i := range n {
		s.Images = append(s.Images, uint8(i))
		s.Labels = append(s.Labels, int32(i))
	}
	return s
}

func TestHeldOutImagesAndTheRestAreTheWhole(t *testing.T) {
	train := numbered(103)
	val := train.holdOut(0)
	require.Equal(t, 20, val.Len(), "a fifth")
	require.Equal(t, 83, train.Len())
	require.True(t, slices.IsSorted(val.Labels) && slices.IsSorted(train.Labels), "the order is kept")
	all := append(slices.Clone(val.Labels), train.Labels...)
	slices.Sort(all)
	require.Equal(t, numbered(103).Labels, all)
	for _, s := range []Split{val, train} {
		for i := range s.Labels {
			require.Equal(t, s.Labels[i], int32(s.Image(i)[0]), "images keep their labels")
		}
	}
}

func TestHeldOutIsBounded(t *testing.T) {
	for n, want := range map[int]int{4: 0, 5: 1, 50_000: 10_000, 60_000: 10_000} {
		s := Split{Images: make([]uint8, n), Labels: make([]int32, n)}
		require.Equal(t, want, s.holdOut(0).Len(), "of %d", n)
	}
}

func TestValAndTestAreHeldOutDifferently(t *testing.T) {
	a, b := numbered(100), numbered(100)
	require.NotEqual(t, a.holdOut(0).Labels, b.holdOut(1).Labels)
}
