package harness

import (
	"fmt"
	"path/filepath"
)

// A Job is one run of a study.
type Job struct {
	Kind string // jobCalibration, jobPair, jobRepeat, jobZero, jobComplete or jobCompleteHalf
	Seed int
	Arm  string
	Dir  string
}

// Kinds of runs.
const (
	jobCalibration = "calibration" // baseline, to fix the target
	jobPair        = "pair"        // one arm of a pair
	jobRepeat      = "repeat"      // the first seed's baseline once more: the A/A of seconds and of bits
	jobZero        = "weight-zero" // of the self-test: MTO at weight 0, with all that it records besides
)

// unlocked reports whether a kind of job has no lock, and so no test split to open.
func unlocked(kind string) bool { return kind == jobCalibration || kind == jobZero }

func (j Job) String() string {
	switch {
	case j.Kind == jobPair:
		return fmt.Sprintf("seed %d mto=%s", j.Seed, j.Arm)
	case completeKind(j.Kind):
		return fmt.Sprintf("whole schedule %s seed %d mto=%s", budgetDir(j.Kind), j.Seed, j.Arm)
	}
	return fmt.Sprintf("%s seed %d mto=%s", j.Kind, j.Seed, j.Arm)
}

// seedDirs matches every seedDir.
const seedDirs = "seed=*"

func seedDir(seed int) string { return fmt.Sprintf("seed=%03d", seed) }

// seeds are those of the pairs.
func (c *Config) seeds() []int {
	seeds := make([]int, c.Study.Seeds)
	for i := range seeds {
		seeds[i] = c.Study.FirstSeed + i
	}
	return seeds
}

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
// The repeated run stands at the other end of the first pair, so that another run lies between the two
// that it compares: off on OFF, or OFF on off.
func pairJobs(root string, seeds []int, repeat bool) []Job {
	var jobs []Job
	for i, seed := range seeds {
		off, on := Job{jobPair, seed, ArmOff, runDir(root, seed, ArmOff)}, Job{jobPair, seed, ArmOn, runDir(root, seed, ArmOn)}
		pair := []Job{off, on}
		if seed%2 == 0 {
			pair = []Job{on, off}
		}
		if again := (Job{jobRepeat, seed, ArmOff, repeatDir(root, seed)}); i == 0 && repeat {
			if pair[0] == off {
				pair = append(pair, again)
			} else {
				pair = append([]Job{again}, pair...)
			}
		}
		jobs = append(jobs, pair...)
	}
	return jobs
}

// repeatJob is the repeated run of a study with a lock.
func (s *Study) repeatJob() Job {
	seed := s.Lock.Seeds[0]
	return Job{jobRepeat, seed, ArmOff, repeatDir(s.Root, seed)}
}

func runDir(root string, seed int, arm string) string {
	return filepath.Join(root, seedDir(seed), armDir(arm))
}

func repeatDir(root string, seed int) string {
	return filepath.Join(root, jobRepeat, seedDir(seed), armDir(ArmOff))
}
