package tensorboard

import (
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var began = time.Unix(1700000000, 500000000).UTC()

func sample(n int) []Point {
	var points []Point
	for i := range n {
		points = append(points, Point{300 * i, began.Add(time.Duration(i) * time.Second), []Scalar{
			{"quality/top1_pct", 40 + float64(i)}, {"loss/train", math.NaN()}, {"lr", 1.5e-3},
		}})
	}
	return points
}

// The bytes were compared once with those that TensorBoard's own classes make (.ci/tensorboard reads
// what runs write); they must not move.
func TestEventFileIsGolden(t *testing.T) {
	got := hex.EncodeToString(Encode(began, sample(2)))
	want, err := os.ReadFile("testdata/events.golden")
	require.NoError(t, err)
	assert.Equal(t, string(want), got+"\n")
}

// RFC 3720, B.4: CRC-32C of 32 zero bytes is 8a9136aa.
func TestChecksumIsMaskedCRC32C(t *testing.T) {
	crc := uint32(0x8a9136aa)
	assert.Equal(t, (crc>>15|crc<<17)+0xa282ead8, masked(make([]byte, 32)))
}

func TestMorePointsOnlyAddBytes(t *testing.T) {
	short, long := Encode(began, sample(3)), Encode(began, sample(4))
	assert.Equal(t, short, long[:len(short)])
	assert.Greater(t, len(long), len(short))
}

// A process may be killed within any write, and a run may go back to a checkpoint: whatever the file
// held, it holds the points afterwards, once each.
func TestSyncMendsWhateverWasLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	whole := Encode(began, sample(4))
	other := Encode(began.Add(time.Hour), sample(5))
	var left [][]byte
	for cut := range len(whole) + 1 {
		left = append(left, whole[:cut])
	}
	left = append(left, Encode(began, sample(5)), other, make([]byte, len(whole)), []byte("no events"))
	for _, have := range left {
		require.NoError(t, os.WriteFile(path, have, 0o644))
		require.NoError(t, Sync(path, whole))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, string(got) == string(whole), "after %d bytes", len(have))
	}
	require.NoError(t, os.Remove(path))
	require.NoError(t, Sync(path, whole))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, string(got) == string(whole))
}

// A reader that has the file open sees it grow: appending keeps the file.
func TestSyncAppendsToTheSameFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	require.NoError(t, Sync(path, Encode(began, sample(2))))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, Sync(path, Encode(began, sample(3))))
	opened, err := f.Stat()
	require.NoError(t, err)
	now, err := os.Stat(path)
	require.NoError(t, err)
	assert.True(t, os.SameFile(opened, now))
}
