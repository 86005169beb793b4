package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"golang.org/x/perf/benchfmt"
)

const (
	quietPercent = 90 // a block counts if calibrations before and after reach this share of the FMA peak
	attempts     = 4  // at a block, of which the last is kept apart if it too is disturbed
)

// A sample is one block: a competitor on a row in a round.
type sample struct {
	competitor *competitor
	result     *benchfmt.Result
	percent    float64 // the lower of the calibrations before and after
}

// kept says whether the sample counts.
func (s sample) kept() bool { return s.percent >= quietPercent }

// A measurement collects samples, row by row in the order of the plan.
type measurement struct {
	setup
	calibrator *calibrator
	rows       []row
	samples    map[string][]sample // by row name
}

func newMeasurement(ctx context.Context, s setup) (*measurement, error) {
	c, err := newCalibrator(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, threads := range s.threads {
		fmt.Fprintf(os.Stderr, "FMA peak of a core, %d threads: %.1f GFLOP/s\n", threads, c.peak[threads])
	}
	return &measurement{setup: s, calibrator: c, samples: map[string][]sample{}}, nil
}

// group runs every competitor once on every row, so many rounds; odd rounds run them in reverse order.
func (m *measurement) group(ctx context.Context, g group, rounds int) error {
	workers := map[int]*worker{}
	defer func() {
		for _, w := range workers {
			w.close()
		}
	}()
	for i := range g.competitors {
		if c := g.competitors[i]; c.worker {
			w, err := start(pinned(ctx, c, g.rows[0], m.cpus, g.seconds))
			if err != nil {
				return err
			}
			workers[i] = w
		}
	}
	m.rows = append(m.rows, g.rows...)
	order := make([]int, len(g.competitors))
	for i := range order {
		order[i] = i
	}
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "          round %d of %d\n", round+1, rounds)
		for _, r := range g.rows {
			for _, i := range order {
				run := func() (*benchfmt.Result, error) {
					if w := workers[i]; w != nil {
						return w.block(g.seconds)
					}
					return once(pinned(ctx, g.competitors[i], r, m.cpus, g.seconds))
				}
				s, err := m.block(ctx, r, run)
				if err != nil {
					return err
				}
				s.competitor = &g.competitors[i]
				m.samples[r.name] = append(m.samples[r.name], s)
			}
		}
		slices.Reverse(order)
	}
	for _, r := range g.rows {
		if err := sameWork(m.samples[r.name]); err != nil {
			return err
		}
	}
	return nil
}

// block runs a competitor between two calibrations, again if they show that it was disturbed.
func (m *measurement) block(ctx context.Context, r row, run func() (*benchfmt.Result, error)) (sample, error) {
	var s sample
	for range attempts {
		before, err := m.calibrator.quiet(ctx, r.threads, quietPercent)
		if err != nil {
			return s, err
		}
		if s.result, err = run(); err != nil {
			return s, err
		}
		after, err := m.calibrator.percent(ctx, r.threads)
		if err != nil {
			return s, err
		}
		if name := withoutProcs(string(s.result.Name)); name != r.name {
			return s, fmt.Errorf("asked for %s, got results of %s", r.name, name)
		}
		if s.percent = min(before, after); s.kept() {
			break
		}
	}
	return s, nil
}

// sameWork fails unless all competitors counted the same floating-point operations for one turn of a row, to half a
// percent: for MAE mtobench embeds all patches and PyTorch the visible ones only, 0.3 % less.
func sameWork(samples []sample) error {
	operations := func(s sample) float64 {
		rate, _ := s.result.Value("GFLOP/s")
		seconds, _ := s.result.Value("sec/op")
		return rate * seconds
	}
	for _, s := range samples {
		have, want := operations(s), operations(samples[0])
		if !(have > 0.995*want && have < 1.005*want) {
			return fmt.Errorf("%s: %s counts %.4g GFLOP a turn, %s %.4g: they don't do the same work",
				s.result.Name, s.competitor.peer, have, samples[0].competitor.peer, want)
		}
	}
	return nil
}
