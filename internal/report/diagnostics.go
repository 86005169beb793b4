package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mtobench/mtobench/harness"
)

// A diagnostic is one quantity of one network that holds mask tokens, measured layer by layer.
type diagnostic struct {
	network, quantity string
	layers            []int // ascending; -1 where the quantity has none
}

// column names the diagnostic's column of curve.csv at a layer.
func (d diagnostic) column(layer int) string {
	if layer < 0 {
		return d.network + "/" + d.quantity
	}
	return fmt.Sprintf("%s/%s/%d", d.network, d.quantity, layer)
}

// quantities are the diagnostics in the order of the page, with what they mean.
var quantities = []struct{ name, title, meaning string }{
	{"heterogeneity", "Heterogeneity of mask tokens", "How evenly a mask token resembles the visible ones: entropy of its centred similarities to them as a fraction of the largest possible, mean over tokens and images. MTO's losses act on it."},
	{"cosine", "Nearest visible token", "Each mask token's greatest centred cosine to a visible token, mean over tokens and images. Near 1 mask tokens are copies of visible ones."},
	{"masked_mass", "Attention from visible to masked tokens", "Share of the attention of visible queries that falls on mask tokens, mean over queries, heads and images."},
	{"token_norm", "Norm of the mask token", "Euclidean norm of the learned mask-token parameter."},
}

// diagnosticsOf lists what the runs measured, in the order of the page.
func diagnosticsOf(r *harness.Report) []diagnostic {
	found := map[[2]string][]int{}
	for _, f := range r.Runs {
		for _, p := range f.Curve {
			for name := range p.Diagnostics {
				parts := strings.Split(name, "/")
				layer := -1
				if n, err := strconv.Atoi(parts[len(parts)-1]); err == nil {
					layer, parts = n, parts[:len(parts)-1]
				}
				if len(parts) < 2 {
					continue // the probe's own layers
				}
				key := [2]string{strings.Join(parts[:len(parts)-1], "/"), parts[len(parts)-1]}
				if !slices.Contains(found[key], layer) {
					found[key] = append(found[key], layer)
				}
			}
		}
	}
	var list []diagnostic
	for _, q := range quantities {
		var networks []string
		for key := range found {
			if key[1] == q.name {
				networks = append(networks, key[0])
			}
		}
		slices.Sort(networks)
		for _, n := range networks {
			layers := found[[2]string{n, q.name}]
			slices.Sort(layers)
			list = append(list, diagnostic{n, q.name, layers})
		}
	}
	return list
}

// diagnosticFigures are the per-layer quantities over epochs, a small plot a layer.
func diagnosticFigures(r *harness.Report) []figure {
	var list []figure
	for _, d := range diagnosticsOf(r) {
		for _, q := range quantities {
			if q.name == d.quantity {
				list = append(list, diagnosticFigure(r, d, q.title, q.meaning))
			}
		}
	}
	return list
}

func diagnosticFigure(r *harness.Report, d diagnostic, title, meaning string) figure {
	x := epochsOf(r)
	spreads := map[string]map[int]spread{}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, arm := range arms {
		spreads[arm] = map[int]spread{}
		for _, layer := range d.layers {
			s := spreadOf(runsOf(r, arm), func(p harness.Point) (float64, bool) { v, ok := p.Diagnostics[d.column(layer)]; return v, ok })
			spreads[arm][layer] = s
			lo, hi = s.reach(lo, hi)
		}
	}
	f := figure{
		ID: plainID(d.network + "-" + d.quantity), Title: fmt.Sprintf("%s (%s)", title, d.network), Caption: meaning, Legend: armLegend(),
		Table: table{Caption: fmt.Sprintf("%s (%s): median over the seeds, before training and at the budget", title, d.network), Align: "wn",
			Head: []string{"layer", "without MTO: start", "end", "with MTO: start", "end"}},
	}
	var words []string
	for _, layer := range d.layers {
		cells := []string{layerText(layer)}
		var ends [2]float64
		for k, arm := range arms {
			s := spreads[arm][layer].median
			if len(s) == 0 {
				cells = append(cells, "–", "–")
				continue
			}
			ends[k] = s[len(s)-1]
			cells = append(cells, fixed(s[0], 3), fixed(ends[k], 3))
		}
		f.Table.Rows = append(f.Table.Rows, row(cells...))
		words = append(words, fmt.Sprintf("%s: %s without and %s with MTO at the end", layerText(layer), fixed(ends[0], 3), fixed(ends[1], 3)))
	}
	f.Desc = strings.Join(words, "; ") + "."
	return f.drawn(false, func(w float64) *canvas {
		columns := 3
		if len(d.layers) == 4 || len(d.layers) == 2 {
			columns = 2
		}
		return facets(w, columns, facetHeight(len(d.layers)), len(d.layers), func(i int, w, h float64) *plot {
			layer := d.layers[i]
			title := layerText(layer)
			if layer < 0 {
				title = "norm"
			}
			p := newPlot(w, h, linear("", 0, r.Study.Lock.Budget.Epochs, 3), roomy(title, lo, hi, 4))
			for _, arm := range arms {
				if s := spreads[arm][layer]; len(s.median) > 0 {
					s.draw(p, arm, x)
				}
			}
			return p
		})
	})
}

func facetHeight(n int) float64 {
	if n == 1 {
		return 240
	}
	return 150
}

// layerText names a layer of a tap: 0 is the entry of the network.
func layerText(layer int) string {
	switch {
	case layer < 0:
		return "all"
	case layer == 0:
		return "entry"
	}
	return fmt.Sprintf("block %d", layer)
}

// plainID keeps a name to what an id may hold everywhere.
func plainID(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, s)
}
