package main

import (
	"fmt"
	"slices"
	"strconv"
)

// The panels of the scaling plot.
const (
	panelWidth  = 250.0
	panelHeight = 220.0
	panelGap    = 70.0
	panelTop    = 95.0
)

// scalingPlot shows how the time of a step grows with each size, and how it falls with threads.
func scalingPlot(samples []sample) []byte {
	list := selectNamed(samples, "Scaling", "sec/op")
	d := &drawing{width: 3*(panelWidth+panelGap) + 10, height: panelTop + 2*(panelHeight+panelGap) + 5}
	d.text(10, 20, "start", "Time of one training step (SimMIM) as one size grows", 14, true)
	if len(list) == 0 {
		d.text(10, 45, "start", "no figures yet", 12, false)
		return d.bytes()
	}
	base := scalingBase(list)
	threads := distinct(list, "threads")
	d.text(10, 38, "start", fmt.Sprintf("base: width %s, depth %s, tokens %s, batch %s; both axes logarithmic; dashed: in proportion to the operations, from the base point",
		base[1], base[3], base[5], base[7]), 11, false)
	for i, n := range threads {
		x := 10 + 110*float64(i)
		d.line(x, 52, x+18, 52, palette[i%len(palette)], 2, false)
		d.text(x+23, 56, "start", threadsLabel(n), 11, false)
	}
	for i, size := range scalingSizes {
		sizePanel(d, list, base, threads, size, panelAt(i))
	}
	threadsPanel(d, list, base, threads, panelAt(len(scalingSizes)))
	return d.bytes()
}

// corner is the upper left corner of a panel's axes.
type corner struct{ x, y float64 }

func panelAt(i int) corner {
	return corner{55 + float64(i%3)*(panelWidth+panelGap), panelTop + float64(i/3)*(panelHeight+panelGap)}
}

// sizePanel draws milliseconds a step against one size.
func sizePanel(d *drawing, list []sample, base, threads []string, size string, at corner) {
	type line struct{ points [][2]float64 } // size, milliseconds
	lines := make([]line, len(threads))
	ideal := make([]line, len(threads))
	low, high := 0.0, 0.0
	var ticks []float64
	for i, n := range threads {
		home, ok := stepSeconds(list, append(slices.Clone(base), "threads", n))
		if !ok {
			continue
		}
		homeFLOP := selectNamed(list, "Scaling", "FLOP/op", base...)[0].values["FLOP/op"]
		for _, value := range distinct(list, size) {
			where := pointWith(base, size, value)
			seconds, ok := stepSeconds(list, append(slices.Clone(where), "threads", n))
			v, err := strconv.ParseFloat(value, 64)
			if !ok || err != nil {
				continue
			}
			flop := selectNamed(list, "Scaling", "FLOP/op", where...)[0].values["FLOP/op"]
			want := home * flop / homeFLOP
			lines[i].points = append(lines[i].points, [2]float64{v, seconds * 1e3})
			ideal[i].points = append(ideal[i].points, [2]float64{v, want * 1e3})
			for _, ms := range []float64{seconds * 1e3, want * 1e3} {
				if low == 0 || ms < low {
					low = ms
				}
				high = max(high, ms)
			}
			if !slices.Contains(ticks, v) {
				ticks = append(ticks, v)
			}
		}
	}
	if len(ticks) < 2 {
		return
	}
	slices.Sort(ticks)
	x := axis{from: ticks[0] / 1.1, to: ticks[len(ticks)-1] * 1.1, start: at.x, end: at.x + panelWidth, logarithmic: true}
	y := axis{from: low / 1.2, to: high * 1.2, start: at.y + panelHeight, end: at.y, logarithmic: true}
	frame(d, at, x, y, ticks, size, "ms a step")
	for i := range threads {
		colour := palette[i%len(palette)]
		d.path(mapped(ideal[i].points, x, y), colour, true)
		d.path(mapped(lines[i].points, x, y), colour, false)
		for _, p := range mapped(lines[i].points, x, y) {
			d.dot(p[0], p[1], colour)
		}
	}
}

// threadsPanel draws the speed-up against threads, for the base and for the ends of each size.
func threadsPanel(d *drawing, list []sample, base, threads []string, at corner) {
	var counts []float64
	for _, n := range threads {
		v, _ := strconv.ParseFloat(n, 64)
		counts = append(counts, v)
	}
	if len(counts) < 2 {
		return
	}
	most := counts[len(counts)-1]
	x := axis{from: counts[0] / 1.1, to: most * 1.1, start: at.x, end: at.x + panelWidth, logarithmic: true}
	y := axis{from: 0.9, to: most * 1.1, start: at.y + panelHeight, end: at.y, logarithmic: true}
	frame(d, at, x, y, counts, "threads", "speed-up")
	d.path([][2]float64{{x.at(1), y.at(1)}, {x.at(most), y.at(most)}}, grey, true)
	type curve struct {
		name  string
		where []string
	}
	curves := []curve{{"base", base}}
	for _, size := range []string{"width", "batch"} {
		all := distinct(list, size)
		for _, v := range []string{all[0], all[len(all)-1]} {
			if where := pointWith(base, size, v); !slices.Equal(where, base) {
				curves = append(curves, curve{size + " " + v, where})
			}
		}
	}
	for i, c := range curves {
		var points [][2]float64
		one, ok := stepSeconds(list, append(slices.Clone(c.where), "threads", threads[0]))
		for j, n := range threads {
			if seconds, has := stepSeconds(list, append(slices.Clone(c.where), "threads", n)); ok && has {
				points = append(points, [2]float64{counts[j], one / seconds})
			}
		}
		if len(points) < 2 {
			continue
		}
		colour := palette[i%len(palette)]
		d.path(mapped(points, x, y), colour, false)
		ly := at.y + 16 + 15*float64(i)
		d.line(at.x+10, ly-4, at.x+26, ly-4, colour, 2, false)
		d.text(at.x+31, ly, "start", fmt.Sprintf("%s: %.2f", c.name, points[len(points)-1][1]), 10, false)
	}
}

// frame draws axes with their ticks and names.
func frame(d *drawing, at corner, x, y axis, ticks []float64, xName, yName string) {
	for _, v := range ticks {
		d.line(x.at(v), at.y, x.at(v), at.y+panelHeight, pale, 1, false)
		d.text(x.at(v), at.y+panelHeight+14, "middle", tidy(v), 10, false)
	}
	for v := 1.0 / 1024; v <= y.to; v *= 2 {
		if v >= y.from {
			d.line(at.x, y.at(v), at.x+panelWidth, y.at(v), pale, 1, false)
			d.text(at.x-5, y.at(v)+4, "end", tidy(v), 10, false)
		}
	}
	d.line(at.x, at.y, at.x, at.y+panelHeight, grey, 1, false)
	d.line(at.x, at.y+panelHeight, at.x+panelWidth, at.y+panelHeight, grey, 1, false)
	d.text(at.x+panelWidth/2, at.y+panelHeight+30, "middle", xName, 11, true)
	d.text(at.x-30, at.y-8, "start", yName, 11, false)
}

func mapped(points [][2]float64, x, y axis) [][2]float64 {
	out := make([][2]float64, len(points))
	for i, p := range points {
		out[i] = [2]float64{x.at(p[0]), y.at(p[1])}
	}
	return out
}
