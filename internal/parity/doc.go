// Package parity holds an implementation of the pre-training step that shares no
// line with the rest of the repository: check.py, in Python with PyTorch and
// float64, written from specs/methods.md. The package's tests write steps with
// `mtobench step` and let check.py recompute them. README.md describes the file
// between the two and the tolerances.
package parity
