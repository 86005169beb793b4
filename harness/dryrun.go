package harness

import (
	"fmt"
	"io"
	"time"
)

// A Forecast says what a study will take, from a few steps and one evaluation made here and now.
type Forecast struct {
	Runs     int           // still to do, calibration and repeated run included
	Finished int           // done before
	Step     time.Duration // of one optimizer step with MTO
	Evaluate time.Duration // of one evaluation
	Run      time.Duration // of one run
	Total    time.Duration
	Memory   int64 // peak resident set of this process with one run in it, bytes
	Disk     int64 // checkpoints of all runs, bytes
	FLOPs    int64 // matrix products of one step
	Steps    int
}

// forecastTime is how long Forecast times steps for, at least three of them.
const forecastTime = 2 * time.Second

// Forecast times the dearer arm of the study. It writes nothing.
func (s *Study) Forecast() (Forecast, error) {
	return s.forecast(newRealStepper, s.allJobs())
}

// ForecastTuning is Forecast of one shard of a tuning, by the study's own settings: those of a trial may diverge.
func (s *Study) ForecastTuning(r *TuningReport, shard Shard) (Forecast, error) {
	return s.forecastTuning(newRealStepper, r, shard)
}

func (s *Study) forecastTuning(make newStepper, r *TuningReport, shard Shard) (Forecast, error) {
	var jobs []Job
	for _, t := range r.share(shard) {
		for _, seed := range r.Seeds {
			jobs = append(jobs, t.jobs(seed)...)
		}
	}
	return s.forecast(make, jobs)
}

// allJobs are the jobs of a whole study.
func (s *Study) allJobs() []Job {
	jobs := s.jobs(s.Config.seeds())
	if s.Lock == nil {
		jobs = append(jobs, calibrationJobs(s.Root, s.Config)...)
	}
	return jobs
}

func (s *Study) forecast(make newStepper, jobs []Job) (Forecast, error) {
	c := s.Config
	set, _, err := openData(&c)
	if err != nil {
		return Forecast{}, err
	}
	rc := RunConfig{Config: c, Seed: uint64(c.Study.FirstSeed), Arm: ArmOn}
	if s.Lock != nil {
		rc.Probe.Layer = s.Lock.Calibration.Layer
	}
	t, err := make(rc, set, s.threads())
	if err != nil {
		return Forecast{}, err
	}
	defer t.Close()
	f := Forecast{Steps: t.TotalSteps(), FLOPs: t.FLOPsPerStep()}
	if f.Step, err = timeSteps(t); err != nil {
		return f, err
	}
	begin := time.Now()
	if _, err := t.Evaluate(); err != nil {
		return f, err
	}
	f.Evaluate = time.Since(begin)
	f.Memory = peakMemory()
	f.Run = time.Duration(f.Steps)*f.Step + time.Duration(c.Study.Grid+1)*f.Evaluate

	for _, j := range jobs {
		if done(j.Dir) {
			f.Finished++
			continue
		}
		f.Runs++
		f.Total += f.Run
		if j.Kind == jobCompleteHalf {
			f.Total -= time.Duration(f.Steps/2) * f.Step
		}
	}
	const copies = 4 // weights, two moments, average
	f.Disk = int64(f.Runs) * keptCheckpoints * copies * 4 * int64(t.Params())
	return f, nil
}

// timeSteps is the mean time of a step after a first one.
func timeSteps(t stepper) (time.Duration, error) {
	if _, err := t.Step(); err != nil {
		return 0, err
	}
	begin, n := time.Now(), 0
	for (n < 3 || time.Since(begin) < forecastTime) && !t.Done() {
		if _, err := t.Step(); err != nil {
			return 0, err
		}
		n++
	}
	return time.Since(begin) / time.Duration(max(1, n)), nil
}

// WriteText prints the forecast for people.
func (f Forecast) WriteText(w io.Writer) error {
	_, err := fmt.Fprintf(w, `runs      %d to do, %d finished before
a step    %s, %.1f GFLOP of matrix products (%.1f GFLOP/s)
a run     %d steps and its evaluations (%s each): %s
in all    %s
memory    %d MiB at the peak
disk      %d MiB of checkpoints
`,
		f.Runs, f.Finished, f.Step.Round(10*time.Microsecond), float64(f.FLOPs)/1e9, float64(f.FLOPs)/float64(max(1, f.Step)),
		f.Steps, f.Evaluate.Round(time.Millisecond), Duration(f.Run), Duration(f.Total), f.Memory>>20, max(1, f.Disk>>20))
	return err
}
