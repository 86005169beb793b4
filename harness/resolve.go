package harness

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/mim"
	"github.com/mtobench/mtobench/vit"
)

// Resolve replaces what depends on the data by numbers (side, patch, mask unit, image counts, flip,
// norm-pix eps) and checks the whole. It leaves probe.layer 0, which the lock fills in. Calling it
// again changes nothing.
func (c *Config) Resolve(set *benchdata.Set) error {
	images := set.Train.Len()
	if c.Data.Side == 0 {
		c.Data.Side = set.Side
	}
	if c.Data.Side != set.Side {
		return fmt.Errorf("data.side: %d asked: %s has images of %d pixels; leave data.side out", c.Data.Side, set.Name, set.Side)
	}
	if c.Data.TrainImages == 0 {
		c.Data.TrainImages = images
	}
	if c.Data.TrainImages > images {
		return fmt.Errorf("data.train_images: %d asked: %s has %d training images", c.Data.TrainImages, set.Name, images)
	}
	if c.Model.Patch == 0 {
		c.Model.Patch = vit.DefaultPatch(c.Data.Side)
	}
	if c.Data.Side%c.Model.Patch != 0 {
		return fmt.Errorf("model.patch: %d doesn't divide the image side %d", c.Model.Patch, c.Data.Side)
	}
	if c.Method.MaskUnit == 0 {
		c.Method.MaskUnit = mim.DefaultUnit(c.Data.Side/c.Model.Patch) * c.Model.Patch
	}
	if c.Method.MaskUnit%c.Model.Patch != 0 || c.Data.Side%c.Method.MaskUnit != 0 {
		return fmt.Errorf("method.mask_unit: %d must be a multiple of the patch (%d) and divide the side (%d)", c.Method.MaskUnit, c.Model.Patch, c.Data.Side)
	}
	if c.Method.NormPixEps == 0 {
		c.Method.NormPixEps = 1e-6
		if set.NearBinary {
			c.Method.NormPixEps = 1e-2
		}
	}
	if c.Train.Flip == "auto" {
		c.Train.Flip = "off"
		if set.FlipOK {
			c.Train.Flip = "on"
		}
	}
	if set.Classes > 256 {
		return fmt.Errorf("data: %s has %d classes: probes count up to 256; leave some out", set.Name, set.Classes)
	}
	if c.Model.Depth == 1 {
		c.Probe.Layer = 1 // no choice for calibration to make
	}
	if err := c.resolveInit(); err != nil {
		return err
	}
	c.Probe.Bank = allOr(c.Probe.Bank, images)
	c.Probe.Validation = allOr(c.Probe.Validation, set.Val.Len())
	return c.Check()
}

// allOr is n, or all where n is 0 or more than there are.
func allOr(n, all int) int {
	if n == 0 || n > all {
		return all
	}
	return n
}

// resolveInit replaces model.init in the hashes by the SHA-256 of the file.
func (c *Config) resolveInit() error {
	m := &c.Model
	if m.Init == "" {
		if m.InitSHA256 != "" {
			return fmt.Errorf("model.init: empty: the study starts from a file with SHA-256 %s; name it with --init", m.InitSHA256)
		}
		return nil
	}
	path, err := filepath.Abs(m.Init) // runs are processes of their own
	if err != nil {
		return fmt.Errorf("model.init: %w", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("model.init: %w", err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(data))
	if m.InitSHA256 != "" && m.InitSHA256 != sum {
		return fmt.Errorf("model.init: %s has SHA-256 %s, the study starts from %s; give that file", m.Init, sum, m.InitSHA256)
	}
	m.Init, m.InitSHA256 = path, sum
	return nil
}
