package report

import (
	"fmt"
	"strings"

	"github.com/mtobench/mtobench/harness"
)

// ratiosFigure shows the ratio with its interval in every unit, on a logarithmic axis.
func ratiosFigure(r *harness.Report) figure {
	var units []harness.UnitComparison
	for _, u := range r.Units {
		if u.Withheld == "" {
			units = append(units, u)
		}
	}
	f := figure{
		ID: "ratios", Title: "Ratio with MTO to without, by unit",
		Caption: "Left of 1 MTO needs less. The verdict is about epochs: supported where the whole interval lies at or left of 0.60. Seconds decide usefulness and don't change the verdict.",
		Table:   table{Caption: "Ratios at the primary target", Align: "wn", Head: []string{"unit", "median without", "median with", "ratio", "95 % interval", "p"}},
	}
	lo, hi := 0.45, 1.25
	var own []string
	for _, u := range r.Units {
		if u.Withheld != "" {
			f.Table.Rows = append(f.Table.Rows, row(u.Unit, "withheld", "–", "–", "–", "–"))
			f.Caption += fmt.Sprintf(" The %s are withheld: %s.", u.Unit, u.Withheld)
			continue
		}
		p := fixed(u.P, 4)
		if u.OwnHorizons {
			p, own = "–", append(own, u.Unit)
		}
		f.Desc += fmt.Sprintf("%s: %s, interval %s. ", capital(u.Unit), fixed(u.Ratio, 3), intervalText(u.Interval, 3))
		f.Table.Rows = append(f.Table.Rows, row(u.Unit, compact(u.MedianOff), compact(u.MedianOn), fixed(u.Ratio, 3), intervalText(u.Interval, 3), p))
		if v := u.Interval; finite(v.Lo) && finite(v.Hi) && v.Lo > 0 {
			lo, hi = min(lo, v.Lo*0.95), max(hi, v.Hi*1.05)
		}
	}
	if len(own) > 0 {
		f.Caption += fmt.Sprintf(" In %s each run that missed the target ends elsewhere: the ratio is of means up to its own end, and there is no test.", strings.Join(own, ", "))
	}
	f.Caption += " " + capital(harness.Unadjusted) + "."
	lo, hi = max(lo, 0.02), min(hi, 50)
	return f.drawn(false, func(w float64) *canvas {
		const step, top = 46.0, 8.0
		bottom := top + float64(float64(len(units))*step) + 18
		c := &canvas{w: w, h: bottom + 42}
		x := scale{from: lo, to: hi, start: 14, end: w - 14, log: true}
		taken := -100.0
		for _, v := range []float64{0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10, 20, 50} {
			if v < lo || v > hi {
				continue
			}
			c.line("grid", x.at(v), top, x.at(v), bottom)
			if x.at(v)-taken > 32 {
				c.text("tick", x.at(v), bottom+17, "middle", tidy(v))
				taken = x.at(v)
			}
		}
		c.rect("supported", x.start, top, x.at(min(max(0.6, lo), hi))-x.start, bottom-top)
		if lo < 0.55 {
			c.text("note", x.start+2, bottom-5, "start", "supported")
		}
		c.line("axis", x.at(1), top, x.at(1), bottom)
		c.text("axistitle", x.end, bottom+36, "end", "ratio, logarithmic")
		for i, u := range units {
			y := top + float64(float64(i)*step)
			c.text("note", x.start, y+15, "start", fmt.Sprintf("%s: %s (%s)", u.Unit, fixed(u.Ratio, 3), intervalText(u.Interval, 3)))
			if !finite(u.Ratio) {
				continue
			}
			clamp := func(v float64) float64 {
				if !finite(v) {
					return hi
				}
				return min(max(v, lo), hi)
			}
			class := "interval"
			if i == 0 {
				class += " primary"
			}
			c.line(class, x.at(clamp(u.Interval.Lo)), y+30, x.at(clamp(u.Interval.Hi)), y+30)
			c.marker(armOn, x.at(clamp(u.Ratio)), y+30, false)
		}
		return c
	})
}

// compact writes a positive number with four digits and a unit prefix.
func compact(v float64) string {
	for _, p := range []struct {
		from   float64
		prefix string
	}{{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}} {
		if v >= p.from {
			return tidy(v/p.from) + " " + p.prefix
		}
	}
	if v >= 10000 {
		return grouped(int64(v + 0.5))
	}
	return tidy(v)
}
