package mim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRegisteringTwiceIsRefused(t *testing.T) {
	require.PanicsWithValue(t, `mim: Register: method "mae" is registered already; pick another name`, func() { Register("mae", newMAE) })
	require.Panics(t, func() { Register("", newMAE) })
	require.Panics(t, func() { Register("nothing", nil) })
}

func TestUnknownNamesListTheKnown(t *testing.T) {
	_, err := New("sim-mim", Config{})
	require.EqualError(t, err, `mim: no method "sim-mim"; known methods, nearest first: simmim, mae, halves`)
	_, err = New("MAE", Config{})
	require.EqualError(t, err, `mim: no method "MAE"; known methods, nearest first: mae, halves, simmim`)
}
