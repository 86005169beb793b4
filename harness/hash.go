package harness

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/mtobench/mtobench/nn"
	"github.com/mtobench/mtobench/simd"
)

// Numerics is the version of the bit-identity contract that this build keeps. It rises with any
// change that can move a bit of a result; runs of different versions are never mixed.
const Numerics = nn.Numerics

// WorkloadHash is the SHA-256 of everything that can change a bit of a run besides seed and arm:
// the hashed keys, the data's hash and Numerics. What only says which runs there are and how they
// are judged (section study, but for the grid), or what is measured after the budget (section final), is left out. Where the bits depend on the kind of CPU
// (simd.Arithmetic), so does the hash: a run isn't continued on another kind.
func (c *Config) WorkloadHash(dataSHA256 string) string {
	facts := "data-sha256=" + dataSHA256
	if p := c.precision(); p != simd.F32 {
		facts += "\narithmetic=" + simd.Arithmetic(p)
	}
	return c.hash(facts, changesRun)
}

// changesRun reports whether a hashed key can change a bit of a run.
func changesRun(key string) bool {
	switch section, _, _ := strings.Cut(key, "."); section {
	case "study":
		return key == "study.grid"
	case "final", "complete":
		return false
	}
	return true
}

// PlanHash is the SHA-256 of everything that can change a result of the study: WorkloadHash's
// facts plus seeds and targets. The calibration's outcome isn't among them.
func (c *Config) PlanHash(dataSHA256 string) string {
	return c.hash("data-sha256="+dataSHA256, func(key string) bool { return key != "study.name" })
}

// hash is the SHA-256 of Numerics, of facts beside the configuration and of the keys that count.
func (c *Config) hash(facts string, counts func(key string) bool) string {
	h := sha256.New()
	fmt.Fprintf(h, "numerics=%d\n%s\n", Numerics, facts)
	for _, s := range c.settings(true) {
		if counts(s.Key) {
			fmt.Fprintf(h, "%s=%s\n", s.Key, s.Value)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
