package harness

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Worker is one process that worked on a run. The manifest keeps what began the run; its list of
// workers says what carried on.
type Worker struct {
	Host       string  `json:"host"`
	PID        int     `json:"pid"`
	Started    string  `json:"started"` // RFC 3339
	From       int     `json:"from_step"`
	To         *int    `json:"to_step,omitempty"` // absent where it was killed: the next one's from_step tells
	Module     string  `json:"module"`
	Revision   string  `json:"vcs_revision"`
	Modified   bool    `json:"vcs_modified"`
	Modules    string  `json:"dependencies_sha256"`
	Go         string  `json:"go"`
	Machine    machine `json:"machine"`
	ISA        string  `json:"isa"`
	Threads    int     `json:"threads"`
	MaxProcs   int     `json:"gomaxprocs"`
	Numerics   int     `json:"numerics"`
	Arithmetic string  `json:"arithmetic"` // as the manifest's
}

// worker describes the process whose manifest m is.
func (m *Manifest) worker(from int) Worker {
	me := thisHolder()
	return Worker{
		Host: me.Host, PID: me.PID, Started: m.Started, From: from,
		Module: m.Module, Revision: m.Revision, Modified: m.Modified, Modules: m.Modules, Go: m.Go,
		Machine: m.Machine, ISA: m.ISA, Threads: m.Threads, MaxProcs: m.MaxProcs, Numerics: m.Numerics, Arithmetic: m.Arithmetic,
	}
}

// build names the program of a worker.
func (w Worker) build() string {
	revision := fmt.Sprintf("%.12s", w.Revision)
	if revision == "" {
		revision = w.Module
	}
	if w.Modified {
		revision += " (modified)"
	}
	return revision + " with " + w.Go
}

// enrol adds this process to the workers of the run, and says so where its program isn't the one before's.
func (r *run) enrol() error {
	me := r.manifest.worker(r.step)
	if n := len(r.first.Workers); n > 0 {
		last := r.first.Workers[n-1]
		if last.build() != me.build() || last.Modules != me.Modules {
			r.say(fmt.Sprintf("continued by another build of mtobench (%s; before: %s): numerics %d promises the same bits; if in doubt, start afresh with another --out", me.build(), last.build(), Numerics))
		}
	}
	r.first.Workers, r.enrolled = append(r.first.Workers, me), true
	return writeJSON(filepath.Join(r.dir, manifestName), r.first)
}

// leave records how far this process came.
func (r *run) leave() error {
	if !r.enrolled {
		return nil // it failed before
	}
	step := r.step
	r.first.Workers[len(r.first.Workers)-1].To = &step
	return writeJSON(filepath.Join(r.dir, manifestName), r.first)
}

// measured is the manifest that the figures of time belong to: it names every CPU that worked, so that
// a mixture never stands beside a clean measurement. Its workers are all of the run's.
func (r *run) measured() Manifest {
	m := r.manifest
	m.Workers = r.first.Workers
	var cpus []string
	for _, w := range r.first.Workers {
		if !slices.Contains(cpus, w.Machine.CPU) {
			cpus = append(cpus, w.Machine.CPU)
		}
	}
	if len(cpus) > 0 {
		m.Machine.CPU = strings.Join(cpus, " + ")
	}
	return m
}

// allThreads lists the numbers of threads that the processes of a run had, each once.
func (m *Manifest) allThreads() []string {
	var all []string
	for _, w := range m.Workers {
		if n := strconv.Itoa(w.Threads); !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}
