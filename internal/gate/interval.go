package gate

import (
	"math"
	"slices"

	"github.com/mtobench/mtobench/internal/detmath"
	"github.com/mtobench/mtobench/internal/statistics"
)

// judge turns samples into rows. The intervals share the level: each holds with 1 - 2 alpha/k, k being the
// number of figures that vary and have a direction, so that no more than alpha is the chance that any of the k one-sided errors
// occurs (Bonferroni).
func (r *Report) judge(samples []sample, noise map[string]float64, o Options) {
	varying := 0
	for _, s := range samples {
		if s.better != "" && s.varies() {
			varying++
		}
	}
	for _, s := range samples {
		if slices.Equal(s.old, s.new) && (s.paired || !s.varies()) {
			r.Equal++
			continue
		}
		row := Row{Name: s.name, Unit: s.unit, N: len(s.old), Paired: s.paired, Margin: o.Margin, Outcome: Within}
		if found, ok := noise[s.unit]; ok && s.place {
			row.Margin = max(o.Margin, found)
		}
		row.Ratio, row.Lo, row.Hi = s.ratio(1 - 2*alpha/float64(max(1, varying)))
		row.Old, row.New = statistics.Median(s.old), statistics.Median(s.new)
		up, down := row.Lo > 1+row.Margin, row.Hi < 1-row.Margin
		switch {
		case s.better == "":
			row.Outcome = Unknown
			r.note("%s has no direction (no line Unit %s better=...): shown, not judged", s.unit, s.unit)
		case up && s.better == "lower", down && s.better == "higher":
			row.Outcome = Worse
		case up, down:
			row.Outcome = Better
		}
		r.Rows = append(r.Rows, row)
	}
	r.power()
	if len(noise) == 0 && slices.ContainsFunc(samples, func(s sample) bool { return s.place }) {
		r.note("the files hold no repeated run: the margin of seconds is the stated one")
	}
}

// power notes the change from which on the noisiest judged figure would fail: a pass says no more than that.
func (r *Report) power() {
	worst, from := "", 0.0
	for _, row := range r.Rows {
		if row.Outcome == Unknown || !(row.Ratio > 0 && row.Lo > 0) {
			continue
		}
		if needed := (1+row.Margin)*max(row.Hi/row.Ratio, row.Ratio/row.Lo) - 1; needed > from {
			worst, from = row.Name+" "+row.Unit, needed
		}
	}
	if worst != "" {
		r.note("the noisiest figure, %s, fails from a change of about %.0f %% on; more runs narrow the intervals", worst, 100*from)
	}
}

// varies reports whether a side has unequal figures.
func (s *sample) varies() bool {
	unequal := func(x []float64) bool { return slices.Max(x) != slices.Min(x) }
	return unequal(s.old) || unequal(s.new)
}

// ratio estimates new over old and its interval that holds with the given probability: of the logarithms,
// by Student's t of the pairs or by Welch's. Where a figure isn't positive there is no logarithm: then the
// difference is taken over the mean of the old ones.
func (s *sample) ratio(level float64) (ratio, lo, hi float64) {
	if slices.Min(s.old) > 0 && slices.Min(s.new) > 0 {
		d := s.difference(statistics.Logs(s.old), statistics.Logs(s.new), level)
		return exp(d.mean), exp(d.mean - d.half), exp(d.mean + d.half)
	}
	base := statistics.Mean(s.old)
	d := s.difference(s.old, s.new, level)
	return over(d.mean, base), over(d.mean-d.half, base), over(d.mean+d.half, base)
}

// over is 1 + difference/base, infinite where the base is 0.
func over(difference, base float64) float64 {
	if difference == 0 {
		return 1
	}
	return 1 + difference/base
}

// exp is finite as long as a ratio can be read.
func exp(x float64) float64 {
	return detmath.Exp(max(-700, min(700, x)))
}

// An estimate is a mean difference with half the width of its interval.
type estimate struct{ mean, half float64 }

// difference estimates mean(y) - mean(x).
func (s *sample) difference(x, y []float64, level float64) estimate {
	n := float64(len(x))
	if s.paired {
		d := make([]float64, len(x))
		for i := range x {
			d[i] = y[i] - x[i]
		}
		return estimate{statistics.Mean(d), width(statistics.StdDev(d)/math.Sqrt(n), len(x)-1, level)}
	}
	a, b := statistics.StdDev(x), statistics.StdDev(y)
	va, vb := float64(a*a)/n, float64(b*b)/n
	df := n - 1 // Welch and Satterthwaite, rounded down
	if sum := va + vb; sum > 0 {
		df = float64(sum*sum) / (float64(va*va)/(n-1) + float64(vb*vb)/(n-1))
	}
	return estimate{statistics.Mean(y) - statistics.Mean(x), width(math.Sqrt(va+vb), int(df), level)}
}

func width(standardError float64, df int, level float64) float64 {
	if standardError == 0 {
		return 0
	}
	return standardError * statistics.StudentQuantile(level, max(1, df))
}
