package harness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/mtobench/mtobench/internal/modelfile"
	"github.com/mtobench/mtobench/nn"
)

// Weights of a finished run that can be exported.
const (
	WeightsAveraged = "averaged" // the average that probes see
	WeightsRaw      = "raw"      // those that the optimizer moved
)

// retrain is how a finished run's last checkpoint is made again.
const retrain = "remove " + resultName + " in the run's folder and give the study's command again: the run ends as before, from an earlier checkpoint or its beginning"

// ReadModel reads the model of a finished run from the last checkpoint in its folder. Tensors that don't
// have the hash that stands in the checkpoint are refused.
func ReadModel(dir, weights string) (*modelfile.Model, error) {
	rc, manifest, err := readRun(dir)
	if err != nil {
		return nil, err
	}
	channels := len(manifest.DataMean)
	if channels == 0 {
		return nil, fmt.Errorf("%s: %s doesn't say how pixels were normalised: an older mtobench made it; repeat the run with this one", dir, manifestName)
	}
	method, err := newMethod(rc.Config, channels)
	if err != nil {
		return nil, err
	}
	params, err := nn.NewParams(method.Specs())
	if err != nil {
		return nil, err
	}
	which := nn.Averaged
	if weights == WeightsRaw {
		which = nn.Weights
	}
	path := checkpointPath(dir, rc.Steps())
	flat, facts, err := readState(path, params, which)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: the checkpoint of the last step, %s, isn't there: it was removed; %s", dir, filepath.Base(path), retrain)
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w; %s", err, retrain)
	}
	if facts["run"] != manifest.Run {
		return nil, fmt.Errorf("%s: it belongs to run %s, the folder holds run %s; move it away, and %s", path, facts["run"], manifest.Run, retrain)
	}
	m := &modelfile.Model{
		Method: rc.Method.Name, Config: method.Config(), Mean: manifest.DataMean, Std: manifest.DataStd,
		Origin: map[string]string{
			"mtobench_schema": strconv.Itoa(Schema), "numerics": strconv.Itoa(manifest.Numerics),
			"run": manifest.Run, "study": manifest.Study, "seed": strconv.FormatUint(manifest.Seed, 10), "mto": rc.armName(),
			"data": manifest.DataName, "data_sha256": manifest.DataSHA256, "weights": weights,
			"step": facts["step"], "epochs": strconv.FormatFloat(rc.Train.Epochs, 'g', -1, 64), "probe_layer": strconv.Itoa(rc.Probe.Layer),
			"model": rc.Model.Name, "source": manifest.Module,
		},
	}
	for _, name := range params.Names() {
		spec, _ := params.Spec(name)
		m.Tensors = append(m.Tensors, nn.TensorEntry{Name: name, Shape: spec.Shape, Float32: params.Slice(flat, name)})
	}
	return m, nil
}

// readRun reads what a finished run's folder says about it.
func readRun(dir string) (RunConfig, Manifest, error) {
	var m Manifest
	if err := readJSON(filepath.Join(dir, manifestName), &m); errors.Is(err, os.ErrNotExist) {
		return RunConfig{}, m, fmt.Errorf("%w: %s isn't the folder of a run: it has no %s; give one like runs/STUDY/WORKLOAD/seed=001/mto=on", ErrConfig, dir, manifestName)
	} else if err != nil {
		return RunConfig{}, m, withRemedy(filepath.Join(dir, manifestName), err)
	}
	if !done(dir) {
		return RunConfig{}, m, fmt.Errorf("%s: the run hasn't finished: it has no %s; give the command that began it again", dir, resultName)
	}
	c, err := readResolved(filepath.Join(dir, configName))
	return RunConfig{Config: c, Seed: m.Seed, Arm: m.Arm}, m, err
}

// readState reads one state of a checkpoint, flat, and the file's metadata. All states are read to verify
// the hash that stands in the file.
func readState(path string, params *nn.Params, which nn.State) ([]float32, map[string]string, error) {
	file, err := readCheckpoint(path)
	if err != nil {
		return nil, nil, err
	}
	step, err := strconv.Atoi(file.Metadata["step"])
	if err != nil {
		return nil, nil, fmt.Errorf("%s: step is %q, need a number", path, file.Metadata["step"])
	}
	all := map[nn.State][]float32{}
	for _, s := range states {
		flat := make([]float32, params.Len())
		for _, name := range params.Names() {
			stored, _ := file.Lookup(statePrefix[s] + name)
			dst := params.Slice(flat, name)
			if len(dst) != len(stored.Float32) {
				return nil, nil, fmt.Errorf("%s: %s has %d values, need %d", path, statePrefix[s]+name, len(stored.Float32), len(dst))
			}
			copy(dst, stored.Float32)
		}
		all[s] = flat
	}
	if got, want := stateHash(step, func(s nn.State) []float32 { return all[s] }), file.Metadata["state"]; got != want {
		return nil, nil, fmt.Errorf("%s: the tensors hash to %.12s, the file says %.12s: it is damaged", path, got, want)
	}
	return all[which], file.Metadata, nil
}
