package benchdata

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Options says how a set is opened. The zero value is the usual way.
type Options struct {
	// Dir is where fetched sets lie, a folder each; "" is [CacheDir].
	Dir string
	// Side, if not 0, crops each image to its centre square and resizes it to this many
	// pixels: shrinking averages areas, enlarging is bilinear.
	Side int
	// FlipOK says of a folder or archive that a mirror image has the same label. Sets
	// known by name know it themselves.
	FlipOK bool
	// Threads is the number of images decoded at once, 0 for one a CPU. It changes no
	// byte of the result.
	Threads int
}

func (o Options) threads() int {
	if o.Threads > 0 {
		return o.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// CacheDir is the folder that [Fetch] writes to and [Open] looks in by default:
// mtobench/data below the user's cache directory.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("data: no cache directory: %w; name one", err)
	}
	return filepath.Join(dir, "mtobench", "data"), nil
}

// Open reads a set wholly into memory. What is the name of a known set (see [List]), or
// else a path: a folder (IDX files, CIFAR binary files, or images with a directory
// a class), a .zip, .tar, .tar.gz or .tgz file of such images, or CIFAR's official
// .tar.gz. A known name wins over a file of that name; ./NAME is always a path.
//
// Files of a known set are checked against the SHA-256 of the official ones. Errors
// satisfy errors.Is with [fs.ErrNotExist] where nothing was found.
func Open(what string, opt Options) (*Set, error) {
	if opt.Side != 0 {
		if err := checkSize(opt.Side, opt.Side, opt.Side); err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
	}
	if d := lookup(what); d != nil {
		return d.openHere(opt)
	}
	info, err := os.Stat(what)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notThereF("%s: neither a file, a folder nor a known data set (%s)", what, strings.Join(names(), ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	name, err := NameOf(what)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return openFolder(name, what, opt)
	}
	return openArchive(name, what, opt)
}

func openFolder(name, dir string, opt Options) (*Set, error) {
	if hasIDX(dir) {
		return openIDX(name, dir, opt.Side, nil)
	}
	if layout := cifarLayoutOf(func(file string) bool { return isFile(filepath.Join(dir, file)) }); layout != nil {
		return openCIFARFolder(name, dir, layout, opt.Side, nil)
	}
	return openImages(name, &folderSource{root: dir}, opt)
}

func openArchive(name, file string, opt Options) (*Set, error) {
	switch archiveKind(file) {
	case ".zip":
		z, err := openZip(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		defer z.Close()
		return openImages(name, z, opt)
	case ".tar":
		layout, err := cifarTarLayout(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if layout != nil {
			return openCIFARTar(name, file, layout, opt.Side, nil)
		}
		return openImages(name, &tarSource{file: file}, opt)
	}
	return nil, fmt.Errorf("%s: %s: need a folder, a .zip, .tar, .tar.gz or .tgz file, or a known data set (%s)",
		name, filepath.Base(file), strings.Join(names(), ", "))
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// archiveKind is .zip, .tar (gzipped or not), or nothing.
func archiveKind(file string) string {
	lower := strings.ToLower(file)
	for suffix, kind := range map[string]string{".zip": ".zip", ".tar": ".tar", ".tar.gz": ".tar", ".tgz": ".tar"} {
		if strings.HasSuffix(lower, suffix) {
			return kind
		}
	}
	return ""
}

// NameOf makes the name of a set of its path: the base name without an archive's suffix, in
// lower case, with an underscore for each character outside [a-z0-9._-].
func NameOf(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("data: %w", err)
	}
	base := strings.ToLower(filepath.Base(abs))
	for _, suffix := range []string{".zip", ".tar.gz", ".tgz", ".tar"} {
		if cut, ok := strings.CutSuffix(base, suffix); ok && isFile(file) {
			base = cut
			break
		}
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, base)
	if strings.Trim(name, "._-") == "" {
		return "", fmt.Errorf("%s: no letter or digit in its name: rename it, the name stands in the results", file)
	}
	return name, nil
}
