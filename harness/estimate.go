package harness

import "time"

// An estimate tells how long the jobs of a list still take, from the rate of those done here. Steps
// are the unit of work; evaluations and start-up are spread over them.
type estimate struct {
	jobs, steps int // in all; steps of each
	over        int // jobs behind us
	worked      time.Duration
	doneSteps   int // in worked
	started     time.Time
	from, at    int // steps of the present job: where this process found it, where it is
}

func newEstimate(jobs, steps int) *estimate { return &estimate{jobs: jobs, steps: steps} }

// skip counts a job that was finished before.
func (e *estimate) skip() { e.over++ }

func (e *estimate) begin() { e.started, e.from, e.at = time.Now(), -1, 0 }

func (e *estimate) end() {
	e.worked += time.Since(e.started)
	e.doneSteps += e.at - max(0, e.from)
	e.over++
}

// left is the time to the end of all jobs, 0 before there is a rate.
func (e *estimate) left(p Progress) time.Duration {
	e.at = p.Step
	if e.from < 0 {
		e.from = p.Step
	}
	steps := e.doneSteps + e.at - e.from
	if steps <= 0 {
		return 0
	}
	spent := e.worked + time.Since(e.started)
	remaining := (e.jobs-e.over)*e.steps - e.at
	return time.Duration(float64(spent) / float64(steps) * float64(remaining))
}
