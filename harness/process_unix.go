//go:build unix

package harness

import "syscall"

// processExists reports whether a process has this id; one of another user counts.
func processExists(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || err == syscall.EPERM
}
