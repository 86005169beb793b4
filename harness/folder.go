package harness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// OpenFolder opens a study from its folder alone: from config.resolved.toml and study.lock.json, without
// its data. Such a study can be collected, judged and reported; it can't train. It writes nothing.
func OpenFolder(root string) (*Study, error) { return openFolder(root, parseLock) }

// OpenPast is OpenFolder of a study of whatever numerics, for a history of the code: its figures stand by themselves,
// as no other numerics gives its bits again.
func OpenPast(root string) (*Study, error) { return openFolder(root, parsePastLock) }

func openFolder(root string, parse func(path string, data []byte) (*Lock, error)) (*Study, error) {
	lock, err := readLock(filepath.Join(root, LockName), parse)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s: no %s in it: not the folder of a study, or not locked yet (mtobench run makes one)", ErrLock, root, LockName)
	}
	if err != nil {
		return nil, err
	}
	config, err := readResolved(filepath.Join(root, configName))
	if err != nil {
		return nil, of(ErrConfig, err)
	}
	if err := lock.fits(config); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(root, configName), err)
	}
	shipped := quickLock()
	return &Study{
		Config: config, Root: root, Lock: lock, data: lock.Data,
		Quick: shipped != nil && shipped.Hash == lock.Hash,
	}, nil
}

// folderDepth is how far below a folder of results a study lies: out/<study>/<workload>.
const folderDepth = 2

// StudyFolders lists the folders of studies at or below each path, sorted, for OpenFolder. A path
// without any is an error.
func StudyFolders(paths ...string) ([]string, error) {
	var all []string
	for _, path := range paths {
		found, err := studiesBelow(filepath.Clean(path))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%w: %s: no study with a %s in it or below it; name a study's folder, or the folder of all results", ErrConfig, path, LockName)
		}
		all = append(all, found...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func studiesBelow(path string) (found []string, err error) {
	err = filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) && at == path {
			return fmt.Errorf("%w: %s: no such folder; name the folder of a study (mtobench run makes one under runs)", ErrConfig, path)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrConfig, err)
		}
		if !entry.IsDir() {
			if at == path {
				return fmt.Errorf("%w: %s: not a folder; name a study's folder", ErrConfig, path)
			}
			return nil
		}
		if _, err := os.Stat(filepath.Join(at, LockName)); err == nil {
			if _, err := os.Stat(filepath.Join(at, manifestName)); err == nil {
				return fmt.Errorf("%w: %s: the folder of a run; name the study's folder, runs/STUDY/WORKLOAD", ErrConfig, at)
			}
			found = append(found, at)
			return filepath.SkipDir
		}
		if below, _ := filepath.Rel(path, at); strings.Count(filepath.ToSlash(below), "/") >= folderDepth-1 && below != "." {
			return filepath.SkipDir
		}
		return nil
	})
	return found, err
}
