//go:build !windows

package harness

import "os"

// removeLocked removes the locked file, so that who locks it next finds it gone, and then lets go of it.
func removeLocked(f *os.File, path string) {
	os.Remove(path)
	f.Close()
}
