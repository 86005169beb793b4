package main

import (
	"math"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/internal/statistics"
)

// gemmPlot shows the median GFLOP/s of each competitor on each shape, a row a shape and a panel for each number of
// threads.
func gemmPlot(samples []sample) []byte {
	list := selectNamed(samples, "GEMM", "GFLOP/s", fileKey, "peers")
	const left, top, rowHeight, panel, gap = 170.0, 70.0, 15.0, 330.0, 30.0
	c := comparison{samples: list, rowKeys: []string{"op", "m", "k", "n"}}
	var shapes []string
	for _, s := range list {
		if name := c.rowName(s); !slices.Contains(shapes, name) {
			shapes = append(shapes, name)
		}
	}
	slices.SortStableFunc(shapes, func(a, b string) int { return strings.Compare(a[:2], b[:2]) })
	threads := distinct(list, "threads")
	bottom := top + rowHeight*float64(max(1, len(shapes)))
	d := &drawing{width: left + float64(max(1, len(threads)))*(panel+gap), height: bottom + 45}
	d.text(10, 20, "start", "Matrix products of ViT layers: median GFLOP/s by form and shape (m k n)", 14, true)
	if len(list) == 0 {
		d.text(10, 45, "start", "no figures yet", 12, false)
		return d.bytes()
	}
	who := competitors(list)
	x := left
	for i, w := range who { // legend
		d.dot(x, 40, palette[i%len(palette)])
		d.text(x+8, 44, "start", w, 11, false)
		x += 30 + 7*float64(len(w))
	}
	for i, name := range shapes {
		d.text(left-10, top+rowHeight*(float64(i)+0.75), "end", name, 10, false)
	}
	for i, n := range threads {
		start := left + float64(i)*(panel+gap)
		gemmPanel(d, c, list, n, shapes, who, peakOf(samples, n), start, start+panel, top, bottom, rowHeight)
	}
	return d.bytes()
}

func gemmPanel(d *drawing, c comparison, list []sample, threads string, shapes, who []string, peak, start, end, top, bottom, rowHeight float64) {
	most := peak
	if len(values(list, "GFLOP/s")) > 0 {
		for _, s := range list {
			if s.keys["threads"] == threads {
				most = max(most, s.values["GFLOP/s"])
			}
		}
	}
	step := math.Pow(10, math.Floor(math.Log10(most)))
	if most/step < 3 {
		step /= 2
	}
	x := axis{from: 0, to: most * 1.03, start: start, end: end}
	for v := 0.0; v <= x.to; v += step {
		d.line(x.at(v), top, x.at(v), bottom, pale, 1, false)
		d.text(x.at(v), bottom+14, "middle", tidy(v), 10, false)
	}
	d.text((start+end)/2, bottom+32, "middle", "GFLOP/s, "+threadsLabel(threads), 11, false)
	for i := range shapes {
		y := top + rowHeight*(float64(i)+0.5)
		d.line(start, y, end, y, pale, 0.5, false)
	}
	if peak > 0 {
		d.line(x.at(peak), top-4, x.at(peak), bottom, grey, 1.2, true)
		d.text(x.at(peak), top-7, "end", "FMA peak "+tidy(math.Round(peak)), 10, false)
	}
	for i := len(who) - 1; i >= 0; i-- { // ours on top
		for row, name := range shapes {
			some := slices.DeleteFunc(slices.Clone(list), func(s sample) bool {
				return s.keys["threads"] != threads || competitor(s) != who[i] || c.rowName(s) != name
			})
			if len(some) > 0 {
				d.dot(x.at(statistics.Median(values(undisturbed(some), "GFLOP/s"))), top+rowHeight*(float64(row)+0.5), palette[i%len(palette)])
			}
		}
	}
}
