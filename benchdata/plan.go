package benchdata

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A plan says what each file of an image folder or archive is for.
type plan struct {
	classes []string
	splits  [3][]planned // train, val, test; each by ascending path
}

// A planned image is a path of the source and its label.
type planned struct {
	path  string // as the source names it
	label int32
}

var splitNames = map[string]int{"train": 0, "val": 1, "valid": 1, "validation": 1, "test": 2}

// isImage says whether the name is that of a file to decode. Formats that can't be
// decoded are an error, everything else is passed over.
func isImage(name string) (bool, error) {
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg":
		return true, nil
	case ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".avif", ".heic":
		return false, fmt.Errorf("%s: only PNG and JPEG images are read: convert it, or take it out", name)
	}
	return false, nil
}

// isHidden says whether a part of the path is a system's own file: .DS_Store, __MACOSX.
func isHidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || part == "__MACOSX" {
			return true
		}
	}
	return false
}

// makePlan reads the classes and splits off the paths of the files and directories:
//
//	[wrapper/...]{train,val,test}/class/.../image
//	[wrapper/...]class/.../image
//
// Wrappers are directories that hold everything; with train alone, it is one of them.
// Without split directories images are divided by [pathSplit].
func makePlan(files, dirs []string) (*plan, error) {
	var images []string
	for _, f := range files {
		if isHidden(f) {
			continue
		}
		ok, err := isImage(f)
		if err != nil {
			return nil, err
		}
		if ok {
			images = append(images, f)
		}
	}
	if len(images) == 0 {
		return nil, fmt.Errorf("%s files, none of them a .png, .jpg or .jpeg image", thousands(len(files)))
	}
	slices.Sort(images)
	prefix := wrapper(images)
	p := &plan{}
	official := hasSplits(images, prefix)
	seen := map[string]int{} // images of a class, by its name
	for _, file := range images {
		rest := strings.TrimPrefix(file, prefix)
		split := pathSplit(rest)
		if official {
			first, after, _ := strings.Cut(rest, "/")
			at, known := splitNames[first]
			if !known {
				return nil, fmt.Errorf("%s: beside split directories: need train, val or test above it", file)
			}
			split, rest = at, after
		}
		class, _, ok := strings.Cut(rest, "/")
		if !ok {
			return nil, fmt.Errorf("%s: not in a directory of its class: need CLASS/IMAGE or SPLIT/CLASS/IMAGE", file)
		}
		p.splits[split] = append(p.splits[split], planned{path: file})
		if split == 0 {
			seen[class]++
		} else if seen[class] == 0 {
			seen[class] = 0
		}
	}
	for _, dir := range dirs {
		if class, ok := classDir(dir, prefix, official); ok && !isHidden(dir) {
			seen[class] += 0
		}
	}
	return p, p.label(prefix, official, seen)
}

// label numbers the classes in byte order of their names.
func (p *plan) label(prefix string, official bool, seen map[string]int) error {
	for class, n := range seen {
		if n == 0 {
			p.classes = append(p.classes, class)
		}
	}
	if len(p.classes) > 0 {
		slices.Sort(p.classes)
		return fmt.Errorf("class %s: no training images (classes without: %d of %d): add some, or take its directory out",
			p.classes[0], len(p.classes), len(seen))
	}
	for class := range seen {
		p.classes = append(p.classes, class)
	}
	slices.Sort(p.classes)
	for _, split := range p.splits {
		for i, f := range split {
			rest := strings.TrimPrefix(f.path, prefix)
			if official {
				_, rest, _ = strings.Cut(rest, "/")
			}
			class, _, _ := strings.Cut(rest, "/")
			label, _ := slices.BinarySearch(p.classes, class)
			split[i].label = int32(label)
		}
	}
	return nil
}

// hasSplits says whether train and at least one of val and test stand below the prefix.
func hasSplits(images []string, prefix string) bool {
	var found [3]bool
	for _, file := range images {
		first, _, _ := strings.Cut(strings.TrimPrefix(file, prefix), "/")
		if at, ok := splitNames[first]; ok {
			found[at] = true
		}
	}
	return found[0] && (found[1] || found[2])
}

// wrapper returns the directories above everything, with a slash at the end.
func wrapper(images []string) string {
	prefix := ""
	for {
		first, _, _ := strings.Cut(images[0][len(prefix):], "/")
		next := prefix + first + "/"
		for _, file := range images {
			if !strings.HasPrefix(file, next) || strings.Count(file[len(next):], "/") == 0 {
				return prefix
			}
		}
		prefix = next
	}
}

// classDir returns the class that a directory stands for, if it does.
func classDir(dir, prefix string, official bool) (string, bool) {
	rest, ok := strings.CutPrefix(dir, prefix)
	if !ok || rest == "" {
		return "", false
	}
	if official {
		split, after, _ := strings.Cut(rest, "/")
		if _, known := splitNames[split]; !known {
			return "", false
		}
		rest = after
	}
	return rest, rest != "" && !strings.Contains(rest, "/")
}

// pathSplit divides 80/10/10 by the path below the wrappers: the first 8 bytes of its
// SHA-256 as a big-endian number, modulo 10; 8 is val, 9 is test.
func pathSplit(name string) int {
	sum := sha256.Sum256([]byte(name))
	return max(0, int(binary.BigEndian.Uint64(sum[:])%10)-7)
}
