package harness

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"math"
	"strconv"

	"github.com/mtobench/mtobench/nn"
)

// Prefixes of the tensors of a checkpoint. The averaged weights, which probes
// see, stand under the plain names, so that other programs load those.
var statePrefix = map[nn.State]string{
	nn.Averaged: "",
	nn.Weights:  "train.weights/",
	nn.Moment1:  "train.moment1/",
	nn.Moment2:  "train.moment2/",
}

// states in the order of hashing and saving.
var states = []nn.State{nn.Averaged, nn.Weights, nn.Moment1, nn.Moment2}

// Save writes the whole state as one safetensors file, by rename. extra goes
// into its metadata.
func (t *Trainer) Save(path string, extra map[string]string) error {
	file := nn.TensorFile{Metadata: map[string]string{
		"schema": strconv.Itoa(Schema), "numerics": strconv.Itoa(Numerics),
		"step": strconv.Itoa(t.step), "state": t.StateHash(),
		"run": t.runID(), "gelu": t.rc.Model.GELU,
	}}
	maps.Copy(file.Metadata, extra)
	for _, which := range states {
		flat, err := t.state(which)
		if err != nil {
			return err
		}
		for _, name := range t.params.Names() {
			spec, _ := t.params.Spec(name)
			file.Tensors = append(file.Tensors, nn.TensorEntry{Name: statePrefix[which] + name, Shape: spec.Shape, Float32: t.params.Slice(flat, name)})
		}
	}
	return writeCheckpoint(path, &file)
}

// runID ties a checkpoint to its run.
func (t *Trainer) runID() string {
	return RunID(t.rc.WorkloadHash(t.set.SHA256), t.rc.Seed, t.rc.Arm)
}

// Restore reads what Save wrote and continues from there. It refuses a file of
// another run, of other numerics, or whose content or tensors don't have the
// hashes that stand in it.
func (t *Trainer) Restore(path string) (map[string]string, error) {
	file, err := readCheckpoint(path)
	if err != nil {
		return nil, err
	}
	m := file.Metadata
	for _, want := range []struct{ key, value string }{
		{"schema", strconv.Itoa(Schema)}, {"numerics", strconv.Itoa(Numerics)}, {"run", t.runID()},
	} {
		if m[want.key] != want.value {
			return nil, fmt.Errorf("%w: %s: %s is %q, this run needs %q: it belongs to another run or version", errForeign, path, want.key, m[want.key], want.value)
		}
	}
	step, err := strconv.Atoi(m["step"])
	if err != nil || step < 0 || step > t.TotalSteps() {
		return nil, fmt.Errorf("%s: step is %q, need 0 to %d", path, m["step"], t.TotalSteps())
	}
	for _, which := range states {
		flat := make([]float32, t.params.Len())
		for _, name := range t.params.Names() {
			stored, _ := file.Lookup(statePrefix[which] + name)
			dst := t.params.Slice(flat, name)
			if len(dst) != len(stored.Float32) {
				return nil, fmt.Errorf("%s: %s has %d values, need %d", path, statePrefix[which]+name, len(stored.Float32), len(dst))
			}
			copy(dst, stored.Float32)
		}
		if err := t.device.UploadState(t.params, which, flat); err != nil {
			return nil, err
		}
	}
	t.step, t.order = step, nil
	if got := t.StateHash(); got != m["state"] {
		return nil, fmt.Errorf("%s: the tensors hash to %.12s, the file says %.12s: it is damaged", path, got, m["state"])
	}
	return m, nil
}

// StateHash is the SHA-256 of the number of steps, weights, moments and average.
func (t *Trainer) StateHash() string {
	return stateHash(t.step, func(which nn.State) []float32 {
		flat, err := t.state(which)
		if err != nil {
			panic("harness: reading the state: " + err.Error()) // a loaded device has all four
		}
		return flat
	})
}

// stateHash is the SHA-256 of the number of steps and of all states.
func stateHash(step int, state func(which nn.State) []float32) string {
	h := sha256.New()
	fmt.Fprintf(h, "step %d\n", step)
	for _, which := range states {
		hashFloats(h, state(which))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// PairHash is the SHA-256 of what both arms of a pair must share: the initial
// weights, and order, crops and masks of the first batch. It is taken at step 0.
func (t *Trainer) PairHash() string {
	h := sha256.New()
	if err := t.feed(); err != nil || t.step != 0 {
		panic(fmt.Sprintf("harness: pair hash at step %d: %v", t.step, err))
	}
	weights, err := t.state(nn.Weights)
	if err != nil {
		panic("harness: reading the weights: " + err.Error())
	}
	hashFloats(h, weights)
	for _, i := range t.order {
		binary.Write(h, binary.LittleEndian, i)
	}
	hashFloats(h, t.batch.Images)
	hashFloats(h, t.batch.Mask)
	return hex.EncodeToString(h.Sum(nil))
}

func (t *Trainer) state(which nn.State) ([]float32, error) {
	flat := make([]float32, t.params.Len())
	return flat, t.device.DownloadState(flat, t.params, which)
}

// hashFloats adds the bits of x, little-endian.
func hashFloats(h hash.Hash, x []float32) {
	buffer := make([]byte, 0, 4096)
	for _, v := range x {
		buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
		if len(buffer) == cap(buffer) {
			h.Write(buffer)
			buffer = buffer[:0]
		}
	}
	h.Write(buffer)
}
