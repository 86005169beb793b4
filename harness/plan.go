package harness

import (
	"fmt"
	"path/filepath"
)

// A Job is one run of a study.
type Job struct {
	Kind string // jobCalibration, jobPair or jobRepeat
	Seed int
	Arm  string
	Dir  string
}

// Kinds of runs.
const (
	jobCalibration = "calibration" // baseline, to fix the target
	jobPair        = "pair"        // one arm of a pair
	jobRepeat      = "repeat"      // the first seed's baseline once more: the A/A of seconds and of bits
)

func (j Job) String() string {
	if j.Kind == jobPair {
		return fmt.Sprintf("seed %d mto=%s", j.Seed, j.Arm)
	}
	return fmt.Sprintf("%s seed %d mto=%s", j.Kind, j.Seed, j.Arm)
}

func seedDir(seed int) string { return fmt.Sprintf("seed=%03d", seed) }

// calibrationJobs are the baseline runs that fix the target.
func calibrationJobs(root string, c Config) []Job {
	var jobs []Job
	for i := range c.Study.CalibrationSeeds {
		seed := c.Study.FirstCalibrationSeed + i
		jobs = append(jobs, Job{jobCalibration, seed, ArmOff, filepath.Join(root, jobCalibration, seedDir(seed), armDir(ArmOff))})
	}
	return jobs
}

// pairJobs are the pairs in ABBA order: off first where the seed is odd, on first where it is even.
// The repeated run comes right behind the first pair, so that the two runs it compares are interleaved
// with another.
func pairJobs(root string, seeds []int, repeat bool) []Job {
	var jobs []Job
	for i, seed := range seeds {
		arms := []string{ArmOff, ArmOn}
		if seed%2 == 0 {
			arms = []string{ArmOn, ArmOff}
		}
		for _, arm := range arms {
			jobs = append(jobs, Job{jobPair, seed, arm, runDir(root, seed, arm)})
		}
		if i == 0 && repeat {
			jobs = append(jobs, Job{jobRepeat, seed, ArmOff, repeatDir(root, seed)})
		}
	}
	return jobs
}

func runDir(root string, seed int, arm string) string {
	return filepath.Join(root, seedDir(seed), armDir(arm))
}

func repeatDir(root string, seed int) string {
	return filepath.Join(root, jobRepeat, seedDir(seed), armDir(ArmOff))
}
