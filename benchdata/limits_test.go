package benchdata

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// Limits that no archive fit for a test can reach: each right below it, and one more.

func TestMembersAndTheirPathsAreLimited(t *testing.T) {
	all := roster{members: maxMembers - 1}
	_, err := all.add("a/1.png")
	require.NoError(t, err)
	_, err = all.add("a/2.png")
	require.EqualError(t, err, "more than 4,000,000 members")

	all = roster{bytes: maxListBytes - len("a/1.png")}
	_, err = all.add("a/1.png")
	require.NoError(t, err)
	_, err = all.add("b")
	require.EqualError(t, err, `member "b": all paths together have more than 536,870,912 bytes`)

	root := write(t, "set", map[string][]byte{"1.png": nil, "2.png": nil})
	files, dirs := make([]string, maxMembers-1), []string(nil)
	err = (&folderSource{root}).walk("", 0, &files, &dirs)
	require.EqualError(t, err, "more than 4,000,000 files")
	require.Len(t, files, maxMembers)
}

// An archive as large as what it unpacks to is no bomb, and too much all the same.
func TestWhatAnArchiveUnpacksToIsLimited(t *testing.T) {
	b := budget{packed: maxTotalBytes}
	b.unpacked.Store(maxTotalBytes - 10)
	_, err := io.ReadFull(b.reader(zeros{}), make([]byte, 10))
	require.NoError(t, err)
	_, err = io.ReadFull(b.reader(zeros{}), make([]byte, 1))
	require.EqualError(t, err, "unpacks to more than 1,099,511,627,776 bytes")
}

// announced is a source that lists files and must not be asked for them.
type announced []string

func (a announced) list() (files, dirs []string, err error) { return a, nil, nil }
func (a announced) Close() error                            { return nil }
func (a announced) read(wanted []string, _ int, visit func(file string, data []byte) error) error {
	if len(wanted) > 1 {
		return fmt.Errorf("%d files read", len(wanted))
	}
	return nil // to measure; Options.Side says it
}

func TestDecodedImagesOfASetAreLimited(t *testing.T) {
	const most = maxTensorBytes / (3 * maxSide * maxSide)
	files := make(announced, most+1)
	for i := range files {
		files[i] = fmt.Sprintf("train/%d/%d.png", i%2, i)
	}
	_, err := loadImages("set", files, Options{Side: maxSide})
	require.EqualError(t, err, "10,923 images of 512x512: need at most 8,589,934,592 bytes decoded; give a smaller side")

	_, err = loadImages("set", files[:100], Options{Side: maxSide})
	require.EqualError(t, err, "100 files read")

	layout := &cifar10Layout
	record := make([]byte, layout.labelBytes+3*cifarPixels)
	c := cifarReader{layout: layout, splits: map[string]Split{}, bytes: maxTensorBytes - 3*cifarPixels}
	require.NoError(t, c.take(layout.train[0], bytes.NewReader(record)))
	require.EqualError(t, c.take(layout.test, bytes.NewReader(record)), layout.test+": with the files before more than 8,589,934,592 bytes")
}
