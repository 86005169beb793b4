package harness

import "os"

// removeLocked lets go of the file and removes it, unless another process has it open by then.
func removeLocked(f *os.File, path string) {
	f.Close()
	os.Remove(path)
}
