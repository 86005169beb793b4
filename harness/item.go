package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/internal/atomicfile"
)

// An item is what one node carries out on its own: a pair, with the repeated run and the whole
// schedules of its seed where there are any, or one calibration run. Both arms of a pair are in one item, because seconds compare on one node only.
type item []Job

// items splits jobs by seed, keeping their order.
func items(jobs []Job) []item {
	var list []item
	for i, j := range jobs {
		if i == 0 || j.Seed != jobs[i-1].Seed {
			list = append(list, nil)
		}
		list[len(list)-1] = append(list[len(list)-1], j)
	}
	return list
}

// share lists the jobs of the items in a shard.
func (s Shard) share(jobs []Job) []Job {
	var mine []Job
	for i, it := range items(jobs) {
		if s.has(i) {
			mine = append(mine, it...)
		}
	}
	return mine
}

// plannedItem is one line of a plan.
type plannedItem struct {
	Schema   int          `json:"schema"`
	Kind     string       `json:"kind"` // pair or calibration
	Item     int          `json:"item"` // among those of its kind; shard i/n has the items k with k mod n = i
	Study    string       `json:"study"`
	Workload string       `json:"workload"` // folder of the study under study
	Lock     string       `json:"lock,omitempty"`
	Seed     int          `json:"seed"`
	Runs     []plannedRun `json:"runs"` // in the order in which they are carried out
}

// plannedRun is one run of an item.
type plannedRun struct {
	Arm    string `json:"arm"`
	Repeat bool   `json:"repeat,omitempty"` // the same run once more, to compare bits and seconds
	Budget string `json:"budget,omitempty"` // of a run of the confirmation: T or T_2
	Run    string `json:"run,omitempty"`    // identity; absent while the lock has yet to choose the probe's layer
	Folder string `json:"folder"`           // under the workload's
}

// WritePlan writes one line of JSON for each item of the study, calibration first: the same lines in the
// same order on every machine. With a shard it writes that shard's items only.
func (s *Study) WritePlan(w io.Writer, shard Shard) error {
	c := s.Config
	if s.Lock != nil {
		c.Probe.Layer = s.Lock.Calibration.Layer
	}
	enc := json.NewEncoder(w)
	for _, part := range []struct {
		kind string
		c    Config
		jobs []Job
	}{
		{jobCalibration, s.calibrationConfig(), calibrationJobs(s.Root, s.Config)},
		{jobPair, c, s.jobs(s.Config.seeds())},
	} {
		for i, it := range items(part.jobs) {
			if !shard.has(i) {
				continue
			}
			line := plannedItem{
				Schema: Schema, Kind: part.kind, Item: i, Study: s.Config.Study.Name, Workload: filepath.Base(s.Root), Seed: it[0].Seed,
			}
			if s.Lock != nil {
				line.Lock = s.Lock.Study()
			}
			for _, j := range it {
				run := plannedRun{Arm: j.Arm, Repeat: j.Kind == jobRepeat}
				own := part.c
				if completeKind(j.Kind) {
					own = own.completed(j.Kind)
					run.Budget = strings.TrimPrefix(budgetDir(j.Kind), "budget=")
				}
				folder, err := filepath.Rel(s.Root, j.Dir)
				if err != nil {
					return err
				}
				run.Folder = filepath.ToSlash(folder)
				if part.kind == jobCalibration || part.c.Probe.Layer > 0 {
					run.Run = RunID(own.WorkloadHash(s.data.SHA256), uint64(j.Seed), j.Arm)
				}
				line.Runs = append(line.Runs, run)
			}
			if err := enc.Encode(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// RunShard carries out the pairs of one shard and says what it did. The study must be locked: what all
// shards share, the target, is fixed before any of them begins. Results are written by Collect, once all
// shards are done.
func (s *Study) RunShard(ctx context.Context, shard Shard) (summary string, err error) {
	if s.Lock == nil {
		return "", fmt.Errorf("%w: %s has none yet, and pairs of different machines need the same target; first mtobench calibrate with the same arguments (--shard i/n shares it out), then mtobench lock, once", ErrLock, s.Root)
	}
	if err := s.lockFirst(ctx); err != nil {
		return "", err
	}
	jobs := shard.share(s.jobs(s.Lock.Seeds))
	summary = fmt.Sprintf("shard %v of %s: %s", shard, s.Root, seedsOf(jobs))
	if len(jobs) == 0 {
		return summary, nil
	}
	if shard.has(0) {
		if err := s.selfcheck(ctx); err != nil {
			return summary, err
		}
	}
	failed, err := s.runJobs(ctx, s.Config, jobs)
	if err == nil && len(failed) > 0 {
		err = fmt.Errorf("%d of %d runs failed; the first: %w", len(failed), len(jobs), failed[0])
	}
	return summary, err
}

// seedsOf names the seeds of jobs.
func seedsOf(jobs []Job) string {
	var seeds []string
	for _, it := range items(jobs) {
		seeds = append(seeds, fmt.Sprint(it[0].Seed))
	}
	switch len(seeds) {
	case 0:
		return "no item, there are more shards than items"
	case 1:
		return "seed " + seeds[0]
	}
	return fmt.Sprintf("%d seeds: %s", len(seeds), strings.Join(seeds, ", "))
}

// itemHold is what a process holds while it carries out jobs in order: the folder of the present seed, so
// that both arms of a pair are one process's. Seeds that another live process holds are skipped.
type itemHold struct {
	root    string
	seed    int
	release func()
	skipped []int
	first   error // of those skipped
}

// take holds the job's seed. Where another live process has it, it reports false, and so for the other
// jobs of that seed.
func (h *itemHold) take(j Job) (bool, error) {
	if h.skips(j) {
		return false, nil
	}
	if h.release != nil && h.seed == j.Seed {
		return true, nil
	}
	h.end()
	dir := filepath.Dir(j.Dir)
	if j.Kind == jobRepeat || completeKind(j.Kind) {
		dir = filepath.Join(h.root, seedDir(j.Seed))
	}
	if err := atomicfile.MkdirAll(dir); err != nil {
		return false, fmt.Errorf("results folder: %w; choose another with --out", err)
	}
	release, _, err := hold(dir)
	switch {
	case errors.Is(err, ErrHeld):
		h.skip(j, err)
		return false, nil
	case DiskFull(err):
		return false, err
	case err != nil:
		return false, fmt.Errorf("results folder: %w; make it writable, or choose another with --out", err)
	}
	h.seed, h.release = j.Seed, release
	return true, nil
}

func (h *itemHold) skips(j Job) bool { return slices.Contains(h.skipped, j.Seed) }

// skip leaves the job's seed to the process that holds it.
func (h *itemHold) skip(j Job, held error) {
	h.skipped = append(h.skipped, j.Seed)
	if h.first == nil {
		h.first = held
	}
}

// end lets go of what is held.
func (h *itemHold) end() {
	if h.release != nil {
		h.release()
		h.release = nil
	}
}

// err is ErrHeld where a seed was skipped.
func (h *itemHold) err() error {
	if h.first == nil {
		return nil
	}
	seeds := strings.Trim(fmt.Sprint(h.skipped), "[]")
	return fmt.Errorf("skipped what other processes work on, seeds %s; the first: %w", strings.ReplaceAll(seeds, " ", ", "), h.first)
}
