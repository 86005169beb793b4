package harness

import "github.com/mtobench/mtobench/internal/atomicfile"

// writeFile makes path hold data, durably, or leaves it as it was.
func writeFile(path string, data []byte) error { return atomicfile.Write(path, data) }
