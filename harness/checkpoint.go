package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mtobench/mtobench/internal/atomicfile"
)

// keptCheckpoints is how many of a run's checkpoints stay.
const keptCheckpoints = 2

// position is what a checkpoint holds beside the trainer's state, as text in its metadata.
type position struct {
	Schema  int     `json:"schema"`
	Run     string  `json:"run"`
	Step    int     `json:"step"`
	Loss    float32 `json:"train_loss"` // of the last step: an evaluation that was interrupted is made from here
	TrainNS int64   `json:"train_ns"`
	WallNS  int64   `json:"wall_ns"`
	CPUNS   int64   `json:"cpu_ns"`
	Curve   Curve   `json:"curve"`
	Peak    int64   `json:"peak_rss_bytes"` // largest resident set of the processes so far
}

// positionKey is its key in the metadata.
const positionKey = "mtobench"

func checkpointPath(dir string, step int) string {
	return filepath.Join(dir, ckptName, fmt.Sprintf("step=%08d.safetensors", step))
}

// save writes the state at the present step to path.
func (r *run) save(path string) error {
	data, err := json.Marshal(position{Schema, r.manifest.Run, r.step, r.loss, r.trainNS, r.wall(), r.cpuNS, r.curve, r.peakMemory()})
	if err != nil {
		return err
	}
	return r.stepper.Save(path, map[string]string{positionKey: string(data)})
}

// peakMemory is the largest resident set of the run's processes, in bytes: of this one, and of those before
// it up to the checkpoint it went on from.
func (r *run) peakMemory() int64 { return max(r.peak, peakMemory()) }

// checkpoint saves the state at the present step and removes all but the newest few.
func (r *run) checkpoint() error {
	path := checkpointPath(r.dir, r.step)
	if err := atomicfile.MkdirAll(filepath.Dir(path)); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if err := r.events.sync(); err != nil { // what led to the state, before the state
		return err
	}
	if err := r.save(path); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return errors.Join(r.prune(), r.events.add(eventCheckpoint, r.step, nil))
}

// prune removes all checkpoints but the newest few.
func (r *run) prune() error {
	steps, err := checkpoints(r.dir)
	if err != nil {
		return err
	}
	for _, step := range steps[:max(0, len(steps)-keptCheckpoints)] {
		if err := os.Remove(checkpointPath(r.dir, step)); err != nil {
			return err
		}
	}
	return nil
}

// checkpoints lists the steps of the checkpoints in dir, oldest first.
func checkpoints(dir string) ([]int, error) {
	entries, err := os.ReadDir(filepath.Join(dir, ckptName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var steps []int
	for _, e := range entries {
		number, isOurs := strings.CutPrefix(e.Name(), "step=")
		number, isWhole := strings.CutSuffix(number, ".safetensors")
		if step, err := strconv.Atoi(number); err == nil && isOurs && isWhole {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	return steps, nil
}

// restore continues from the newest checkpoint that can be read; without one the run starts at step 0.
func (r *run) restore() error {
	steps, err := checkpoints(r.dir)
	if err != nil {
		return err
	}
	for _, step := range slices.Backward(steps) {
		path := checkpointPath(r.dir, step)
		p, err := r.load(path)
		if err == nil && p.Step != step {
			err = fmt.Errorf("%s: it holds step %d", path, p.Step)
		}
		if err == nil {
			r.step, r.loss, r.trainNS, r.wallNS, r.cpuNS, r.curve, r.peak = p.Step, p.Loss, p.TrainNS, p.WallNS, p.CPUNS, p.Curve, p.Peak
			r.started = r.clock.since()
			return nil
		}
		if errors.Is(err, errForeign) {
			return fmt.Errorf("%w: %w; move it away, or choose another --out", ErrConfig, err)
		}
		if errors.Is(err, fs.ErrPermission) {
			return err
		}
		r.say(fmt.Sprintf("checkpoint of step %d set aside as %s%s: %v", step, filepath.Base(path), damagedSuffix, err))
		if err := os.Rename(path, path+damagedSuffix); err != nil { // it would push newer, whole ones out
			return fmt.Errorf("checkpoint: %w", err)
		}
		r.stepper.Close() // a failed restore may have left half a state
		if r.stepper, err = r.make(r.rc, r.set, r.threads); err != nil {
			return err
		}
	}
	if len(steps) > 0 {
		r.say("no checkpoint is whole: the run starts from its beginning; the outcome will be the same")
	}
	return nil
}

// damagedSuffix is appended to the name of a file that can't be read. It is kept until the run is done.
const damagedSuffix = ".damaged"

// removeDamaged removes what was set aside, once the run is done without it.
func (r *run) removeDamaged() error {
	for _, dir := range []string{r.dir, filepath.Join(r.dir, ckptName)} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), damagedSuffix) {
				continue
			}
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// errForeign marks a checkpoint that is whole but not for this run or this program.
var errForeign = errors.New("checkpoint")

// load restores one checkpoint into the stepper.
func (r *run) load(path string) (position, error) {
	var p position
	extra, err := r.stepper.Restore(path)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal([]byte(extra[positionKey]), &p); err != nil {
		return p, fmt.Errorf("%s: metadata %s: %w", path, positionKey, err)
	}
	if err := checkSchema(path, p.Schema); err != nil {
		return p, fmt.Errorf("%w: %w", errForeign, err)
	}
	if p.Run != r.manifest.Run {
		return p, fmt.Errorf("%w: %s: it belongs to run %s, not %s", errForeign, path, p.Run, r.manifest.Run)
	}
	if n := len(p.Curve); n > 0 && p.Curve[n-1].Step == p.Step && p.Curve[n-1].State != r.stepper.StateHash() {
		return p, fmt.Errorf("%s: the restored state doesn't have the hash it was saved with", path)
	}
	return p, nil
}
