package benchdata

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// show writes a plan as "train: path=label ...; val: ...; test: ...".
func (p *plan) show() string {
	var parts []string
	for i, name := range []string{"train", "val", "test"} {
		part := name + ":"
		for _, f := range p.splits[i] {
			part += fmt.Sprintf(" %s=%d", f.path, f.label)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

func TestPlans(t *testing.T) {
	check := func(what, files, want string) {
		t.Helper()
		p, err := makePlan(strings.Fields(files), nil)
		require.NoError(t, err, what)
		require.Equal(t, want, p.show(), what)
	}
	check("splits at the top", "train/b/2.png train/a/1.JPG val/b/3.jpeg test/a/4.png",
		"train: train/a/1.JPG=0 train/b/2.png=1; val: val/b/3.jpeg=1; test: test/a/4.png=0")
	check("splits below wrappers", "x/y/train/a/1.png x/y/train/b/1.png x/y/test/a/1.png",
		"train: x/y/train/a/1.png=0 x/y/train/b/1.png=1; val:; test: x/y/test/a/1.png=0")
	check("other names for val", "train/a/1.png train/b/1.png valid/a/1.png validation/b/1.png",
		"train: train/a/1.png=0 train/b/1.png=1; val: valid/a/1.png=0 validation/b/1.png=1; test:")
	check("directories below the class", "train/a/images/1.png train/b/images/1.png test/b/x/y/2.png",
		"train: train/a/images/1.png=0 train/b/images/1.png=1; val:; test: test/b/x/y/2.png=1")
	check("other files are passed over", "train/a/1.png train/b/1.png test/a/1.png README.md train/labels.csv .git/x/1.png __MACOSX/train/a/1.png train/a/._1.png",
		"train: train/a/1.png=0 train/b/1.png=1; val:; test: test/a/1.png=0")
}

func TestPathsAreDividedEightyTenTen(t *testing.T) {
	var files []string
	for i := range 10_000 {
		files = append(files, fmt.Sprintf("train/class%d/%04d.png", i%4, i)) // train alone is a wrapper
	}
	p, err := makePlan(files, nil)
	require.NoError(t, err)
	for i, want := range []int{8000, 1000, 1000} {
		require.InDelta(t, want, len(p.splits[i]), 100)
	}
	// The split hangs on the path below the wrappers alone: no image moves when others join or
	// the folder is packed into another.
	where := map[string]int{}
	for i, split := range p.splits {
		for _, f := range split {
			where[strings.TrimPrefix(f.path, "train/")] = i
		}
	}
	for i := range files {
		files[i] = "a/b/" + strings.TrimPrefix(files[i], "train/")
	}
	p, err = makePlan(files[:9000], nil)
	require.NoError(t, err)
	for i, split := range p.splits {
		for _, f := range split {
			require.Equal(t, where[strings.TrimPrefix(f.path, "a/b/")], i, f.path)
		}
	}
}

func TestBadFoldersAreRefused(t *testing.T) {
	check := func(files, dirs, want string) {
		t.Helper()
		_, err := makePlan(strings.Fields(files), strings.Fields(dirs))
		require.EqualError(t, err, want)
	}
	check("", "", "0 files, none of them a .png, .jpg or .jpeg image")
	check("a.txt b/c.csv", "b", "2 files, none of them a .png, .jpg or .jpeg image")
	check("train/a/1.png train/a/2.webp", "", "train/a/2.webp: only PNG and JPEG images are read: convert it, or take it out")
	check("train/a/1.png train/b/1.png test/a/1.png extra/a/1.png", "",
		"extra/a/1.png: beside split directories: need train, val or test above it")
	check("train/a/1.png train/b/1.png test/1.png", "",
		"test/1.png: not in a directory of its class: need CLASS/IMAGE or SPLIT/CLASS/IMAGE")
	check("a/1.png b/1.png 2.png", "", "2.png: not in a directory of its class: need CLASS/IMAGE or SPLIT/CLASS/IMAGE")
	check("train/a/1.png train/b/1.png test/c/1.png", "",
		"class c: no training images (classes without: 1 of 3): add some, or take its directory out")
	check("train/a/1.png train/b/1.png test/b/1.png", "train train/a train/b train/empty test test/b",
		"class empty: no training images (classes without: 1 of 3): add some, or take its directory out")
	check("w/a/1.png w/b/1.png", "w w/a w/b w/empty w/b/.hidden",
		"class empty: no training images (classes without: 1 of 3): add some, or take its directory out")
}
