package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/mtobench/mtobench/internal/statistics"
)

// A CompleteReport is the schedule-complete confirmation of a study (methodology b.6).
type CompleteReport struct {
	Schedule     string
	Epochs, Half float64 // T and T/2
	Margin       float64 // delta of the lock, percentage points
	Runs         []*Finished
	Missing      []Job

	Figures []CompleteFigure // the final probe first: it decides; then what else was measured, reported beside it
}

// A CompleteFigure is the confirmation by one end-of-run evaluation, in percent of the test split. All
// differences are paired by seed, over the seeds whose four runs have finished.
type CompleteFigure struct {
	Name, Unit string
	Seeds      []int

	Base, BaseHalf, MTO, MTOHalf []float64 // by seed

	Assay       statistics.Difference // base(T/2) - base(T)
	NonInferior statistics.Difference // mto(T/2) - base(T)
	Gain        statistics.Difference // mto(T) - base(T)
}

// Sensitive is the first leg: halving the baseline's schedule costs more than the margin, by the upper limit
// of the two-sided 95 % interval. Where it doesn't, T lies on the plateau, and half the epochs are enough
// for anything.
func (f *CompleteFigure) Sensitive(margin float64) bool { return f.Assay.Interval.Hi < -margin }

// Confirmed is the second leg: MTO with half the epochs is worse than the baseline with all of them by less
// than the margin, by the one-sided 95 % lower limit.
func (f *CompleteFigure) Confirmed(margin float64) bool { return f.NonInferior.Lower > -margin }

// MarshalJSON writes the three legs of each evaluation. The second is answered where the first holds.
func (c *CompleteReport) MarshalJSON() ([]byte, error) {
	figures := []map[string]any{}
	for i := range c.Figures {
		f := &c.Figures[i]
		m := map[string]any{
			"name": f.Name, "unit": f.Unit, "seeds": f.Seeds,
			"base": f.Base, "base_half": f.BaseHalf, "mto": f.MTO, "mto_half": f.MTOHalf,
			"assay": f.Assay, "sensitive": f.Sensitive(c.Margin), "non_inferiority": f.NonInferior, "gain": f.Gain,
		}
		if f.Sensitive(c.Margin) {
			m["confirmed"] = f.Confirmed(c.Margin)
		}
		figures = append(figures, m)
	}
	return json.Marshal(map[string]any{
		"schedule": c.Schedule, "epochs": c.Epochs, "half_epochs": c.Half, "margin": c.Margin, "missing": len(c.Missing), "figures": figures,
	})
}

// assayCheck is the name of the check that voids a study on the plateau.
const assayCheck = "half a schedule is visibly worse for the baseline"

// readComplete reads the runs of the confirmation where the lock asks for it.
func (r *Report) readComplete() error {
	s := r.Study
	if !s.Config.Complete.Run {
		return nil
	}
	c := &CompleteReport{
		Schedule: s.Config.Complete.Schedule, Margin: s.Config.Complete.Margin,
		Epochs: s.Config.completeEpochs(jobComplete), Half: s.Config.completeEpochs(jobCompleteHalf),
	}
	r.Complete = c
	for _, j := range completeJobs(s.Root, s.Lock.Seeds) {
		f, err := s.find(j)
		switch {
		case errors.Is(err, os.ErrNotExist):
			c.Missing = append(c.Missing, s.begun(j))
		case err != nil:
			return err
		case f.Final == nil:
			return fmt.Errorf("%s: finished, but without %s; remove %s there and run again", j.Dir, finalName, resultName)
		default:
			c.Runs = append(c.Runs, f)
		}
	}
	return nil
}

// judgeComplete compares the runs of the confirmation, where there is one, and adds its checks.
func (r *Report) judgeComplete() {
	s, c := r.Study, r.Complete
	if c == nil {
		return
	}
	byJob := map[Job]*Finished{}
	for _, f := range c.Runs {
		byJob[completeJob(s.Root, f.Job.Kind, f.Job.Seed, f.Job.Arm)] = f
	}
	r.Checks = append(r.Checks, allFinished("all runs of the confirmation finished", c.Missing, len(c.Missing)+len(c.Runs)))
	if len(c.Runs) > 0 {
		for _, figure := range c.Runs[0].Final.Figures {
			if f := completeFigure(s, figure, byJob); len(f.Seeds) > 0 {
				c.Figures = append(c.Figures, f)
			}
		}
	}
	if len(c.Figures) == 0 {
		return
	}
	f := &c.Figures[0]
	found := fmt.Sprintf("base(T/2) - base(T) = %+.2f points, 95 %% upper limit %+.2f, to lie below %+.2f", f.Assay.Mean, f.Assay.Interval.Hi, -c.Margin)
	if !f.Sensitive(c.Margin) {
		found += ": T is on the plateau, where anything saves half the epochs"
	}
	r.Checks = append(r.Checks, Check{assayCheck, f.Sensitive(c.Margin), found})
}

// completeFigure compares one evaluation over the seeds that have it four times.
func completeFigure(s *Study, figure FinalFigure, byJob map[Job]*Finished) CompleteFigure {
	f := CompleteFigure{Name: figure.Name, Unit: figure.Unit}
	for _, seed := range s.Lock.Seeds {
		var four [4]float64
		have := 0
		for i, j := range []Job{
			completeJob(s.Root, jobComplete, seed, ArmOff), completeJob(s.Root, jobCompleteHalf, seed, ArmOff),
			completeJob(s.Root, jobComplete, seed, ArmOn), completeJob(s.Root, jobCompleteHalf, seed, ArmOn),
		} {
			run := byJob[j]
			if run == nil {
				continue
			}
			if at := slices.IndexFunc(run.Final.Figures, func(g FinalFigure) bool { return g.Name == f.Name }); at >= 0 {
				four[i] = run.Final.Figures[at].Test
				have++
			}
		}
		if have < len(four) {
			continue
		}
		f.Seeds = append(f.Seeds, seed)
		f.Base, f.BaseHalf = append(f.Base, four[0]), append(f.BaseHalf, four[1])
		f.MTO, f.MTOHalf = append(f.MTO, four[2]), append(f.MTOHalf, four[3])
	}
	if len(f.Seeds) > 0 {
		f.Assay = statistics.PairedDifference(f.BaseHalf, f.Base)
		f.NonInferior = statistics.PairedDifference(f.MTOHalf, f.Base)
		f.Gain = statistics.PairedDifference(f.MTO, f.Base)
	}
	return f
}
