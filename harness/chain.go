package harness

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
)

// link continues a run's hash chain with a point: the SHA-256 of the chain so far, the step, the
// state's hash and the bits of the metrics. Equal chains mean equal runs up to there. Clocks and the
// diagnostics are left out.
func link(chain string, p Point) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %d %s %016x %016x %016x", chain, p.Step, p.State,
		math.Float64bits(p.Top1), math.Float64bits(p.KNN), math.Float64bits(p.Recon))
	return hex.EncodeToString(h.Sum(nil))
}

// verifyChain recomputes the hash chain of a run from its curve. The error names the first line of the
// file in dir that doesn't continue it.
func verifyChain(dir, run string, c Curve) error {
	chain := run
	for i, p := range c {
		if chain = link(chain, p); chain != p.Chain {
			return fmt.Errorf("%s: line %d of %s doesn't continue the hash chain: the file was changed; %s", dir, i+3, curveName, remedy(dir))
		}
	}
	return nil
}
