package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A calibrator says how much of the CPUs' FMA peak is to be had right now. A neighbour on a shared machine, or another
// process on this one, takes its part out of it.
type calibrator struct {
	driver string
	cpus   []int
	peak   map[int]float64 // threads: GFLOP/s of one core
}

// calibrationSeconds is how long one calibration takes.
const calibrationSeconds = 0.02

// newCalibrator finds the peak for each number of threads: the best millisecond in a second of calibrations.
func newCalibrator(ctx context.Context, s setup) (*calibrator, error) {
	c := &calibrator{driver: filepath.Join(s.build, "calibrate"), cpus: s.cpus, peak: map[int]float64{}}
	for range 40 {
		for _, threads := range s.threads {
			_, best, err := c.measure(ctx, threads)
			if err != nil {
				return nil, err
			}
			c.peak[threads] = max(c.peak[threads], best)
		}
	}
	return c, nil
}

// measure returns the mean rate of one core now, and its best, in GFLOP/s.
func (c *calibrator) measure(ctx context.Context, threads int) (mean, best float64, err error) {
	args := []string{fmt.Sprint(calibrationSeconds)}
	for _, cpu := range c.cpus[:threads] {
		args = append(args, strconv.Itoa(cpu))
	}
	out, err := exec.CommandContext(ctx, c.driver, args...).Output()
	if err == nil {
		_, err = fmt.Sscan(string(out), &mean, &best)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%s %s: %w", c.driver, strings.Join(args, " "), err)
	}
	return mean, best, nil
}

// percent calibrates once: the share of the peak that is to be had, in percent. A peak that was disturbed when it was
// found rises with the first calibration that beats it.
func (c *calibrator) percent(ctx context.Context, threads int) (float64, error) {
	mean, best, err := c.measure(ctx, threads)
	c.peak[threads] = max(c.peak[threads], best)
	return 100 * mean / c.peak[threads], err
}

// quiet calibrates until the share is at least atLeast, for a second or two at most, and returns the last one.
func (c *calibrator) quiet(ctx context.Context, threads int, atLeast float64) (float64, error) {
	for try := 0; ; try++ {
		percent, err := c.percent(ctx, threads)
		if err != nil || percent >= atLeast || try == 8 {
			return percent, err
		}
		select {
		case <-ctx.Done():
			return percent, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
