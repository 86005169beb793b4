package harness

import "time"

// An estimate tells how long the jobs of a list still take, from the rate of those done here. Steps
// are the unit of work; evaluations and start-up are spread over them.
type estimate struct {
	clock     clock
	ahead     []int // steps of the present job and of those behind it
	worked    time.Duration
	doneSteps int // in worked
	started   time.Duration
	from, at  int // steps of the present job: where this process found it, where it is
}

// newEstimate takes the steps of each job.
func newEstimate(steps []int) *estimate { return &estimate{clock: systemClock, ahead: steps} }

// skip passes over a job that was finished before.
func (e *estimate) skip() { e.ahead = e.ahead[1:] }

func (e *estimate) begin() { e.started, e.from, e.at = e.clock.since(), -1, 0 }

func (e *estimate) end() {
	e.worked += e.clock.since() - e.started
	e.doneSteps += e.at - max(0, e.from)
	e.ahead = e.ahead[1:]
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
	spent, remaining := e.worked+e.clock.since()-e.started, -e.at
	for _, n := range e.ahead {
		remaining += n
	}
	return time.Duration(float64(spent) / float64(steps) * float64(remaining))
}
