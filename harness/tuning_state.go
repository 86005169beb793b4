package harness

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/mtobench/mtobench/nn"
)

// tuningStates are what a tuning saves, with the prefixes of their tensors.
var tuningStates = []struct {
	which  nn.State
	prefix string
}{{nn.Weights, ""}, {nn.Moment1, "train.moment1/"}, {nn.Moment2, "train.moment2/"}}

// identity ties a saved state to its run, to the weights it began from and to the settings that shape it.
func (u *tuning) identity() string {
	facts := []string{u.t.runID(), u.t.StateHash(), u.name, strconv.FormatUint(u.seed, 10)}
	for _, s := range u.t.rc.settings(true) {
		if strings.HasPrefix(s.Key, "final.") {
			facts = append(facts, s.Key+"="+s.Value)
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(facts, "\n")))
	return hex.EncodeToString(sum[:16])
}

// save writes the whole state, by rename.
func (u *tuning) save(path string) error {
	file := nn.TensorFile{Metadata: map[string]string{
		"schema": strconv.Itoa(Schema), "numerics": strconv.Itoa(Numerics), "identity": u.identity(), "step": strconv.Itoa(u.step),
	}}
	for _, s := range tuningStates {
		flat, err := u.flat(s.which)
		if err != nil {
			return err
		}
		for _, name := range u.params.Names() {
			spec, _ := u.params.Spec(name)
			file.Tensors = append(file.Tensors, nn.TensorEntry{Name: s.prefix + name, Shape: spec.Shape, Float32: u.params.Slice(flat, name)})
		}
	}
	return writeCheckpoint(path, &file)
}

func (u *tuning) flat(which nn.State) ([]float32, error) {
	flat := make([]float32, u.params.Len())
	return flat, u.device.DownloadState(flat, u.params, which)
}

// restore continues from what save wrote.
func (u *tuning) restore(path string) error {
	file, err := readCheckpoint(path)
	if err != nil {
		return err
	}
	if file.Metadata["identity"] != u.identity() || file.Metadata["numerics"] != strconv.Itoa(Numerics) {
		return fmt.Errorf("%w: %s: it is of another run, of other settings or of another mtobench", errForeign, path)
	}
	step, err := strconv.Atoi(file.Metadata["step"])
	if err != nil || step < 0 || step > u.steps() {
		return fmt.Errorf("%s: %w: step is %q, need 0 to %d", path, errDamaged, file.Metadata["step"], u.steps())
	}
	var states [][]float32
	for _, s := range tuningStates {
		flat := make([]float32, u.params.Len())
		for _, name := range u.params.Names() {
			stored, _ := file.Lookup(s.prefix + name)
			if dst := u.params.Slice(flat, name); copy(dst, stored.Float32) != len(dst) {
				return fmt.Errorf("%s: %w: %s has %d values, need %d", path, errDamaged, s.prefix+name, len(stored.Float32), len(dst))
			}
		}
		states = append(states, flat)
	}
	for i, s := range tuningStates {
		if err := u.device.UploadState(u.params, s.which, states[i]); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	u.step, u.order, u.clock = step, nil, nn.NewAdamWClock(u.adamW, step)
	return nil
}
