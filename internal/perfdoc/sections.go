package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// sections are the generated blocks by name.
var sections = map[string]func([]sample) string{
	"machine":   machineSection,
	"peak":      peakSection,
	"gemm":      gemmSection,
	"attention": attentionSection,
	"vector":    vectorSection,
	"steps":     stepsSection,
	"memory":    memorySection,
	"bf16":      bf16Section,
	"mto":       mtoSection,
	"neon":      neonSection,
	"scaling":   scalingSection,
	"ops":       opsSection,
}

// absent stands where there are no figures.
func absent(what string) string {
	return fmt.Sprintf("There are no figures of this; `bash bench/measure %s` makes them.\n", what)
}

// machineSection lists the machines the results come from.
func machineSection(samples []sample) string {
	var lines []string
	for _, s := range samples {
		line := fmt.Sprintf("- %s, %s/%s\n", s.keys["cpu"], s.keys["goos"], s.keys["goarch"])
		if s.keys["cpu"] != "" && s.keys["goos"] != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if lines == nil {
		return absent("all")
	}
	return strings.Join(lines, "")
}

// peakSection shows the limits: arithmetic, then bandwidth by level.
func peakSection(samples []sample) string {
	peak := selectNamed(samples, "Peak", "sec/op")
	threads := distinct(peak, "threads")
	if len(threads) == 0 {
		return absent("peak")
	}
	header := []string{"limit"}
	for _, n := range threads {
		header = append(header, threadsLabel(n))
	}
	t := newTable(header...)
	for _, op := range []string{"fma", "bf16"} {
		for _, isa := range distinct(selectNamed(samples, "Peak", "GFLOP/s", "op", op), "isa") {
			t.row(limits(samples, fmt.Sprintf("%s, %s, GFLOP/s", op, isa), "GFLOP/s", threads, "op", op, "isa", isa)...)
		}
	}
	for _, op := range []string{"read", "copy", "triad"} {
		for _, level := range distinct(selectNamed(samples, "Peak", "GB/s", "op", op), "level") {
			t.row(limits(samples, fmt.Sprintf("%s, %s, GB/s", op, level), "GB/s", threads, "op", op, "level", level)...)
		}
	}
	t.row(limits(samples, "barrier, ns", "sec/op", threads, "op", "barrier")...)
	return t.String()
}

func threadsLabel(n string) string {
	if n == "1" {
		return "1 thread"
	}
	return n + " threads"
}

// limits is a row of best values: the largest rate, the least time.
func limits(samples []sample, name, unit string, threads []string, where ...string) []string {
	cells := []string{name}
	for _, n := range threads {
		x := values(selectNamed(samples, "Peak", unit, append(where, "threads", n)...), unit)
		switch {
		case len(x) == 0:
			cells = append(cells, "")
		case unit == "sec/op":
			cells = append(cells, fmt.Sprintf("%.0f", slices.Min(x)*1e9))
		default:
			cells = append(cells, fmt.Sprintf("%.1f", slices.Max(x)))
		}
	}
	return cells
}

// gemmSection compares products by shape, a table for each number of threads.
func gemmSection(samples []sample) string {
	return byThreads(samples, selectNamed(samples, "GEMM", "GFLOP/s", fileKey, "peers"), absent("peers"), func(list []sample) string {
		c := comparison{samples: list, unit: "GFLOP/s", scale: 1, format: "%.0f", rowKeys: []string{"op", "m", "k", "n"}, title: "form m k n"}
		return c.String()
	})
}

// byThreads makes one table for each number of threads, under a line that gives the peak.
func byThreads(all, list []sample, none string, table func([]sample) string) string {
	if len(list) == 0 {
		return none
	}
	var parts []string
	for _, n := range distinct(list, "threads") {
		var some []sample
		for _, s := range list {
			if s.keys["threads"] == n {
				some = append(some, s)
			}
		}
		title := "**" + threadsLabel(n) + "**"
		if p := peakOf(all, n); p > 0 {
			title += fmt.Sprintf(", FMA peak %.1f GFLOP/s", p)
		}
		parts = append(parts, title+"\n\n"+table(some))
	}
	return strings.Join(parts, "\n")
}

// shares is a table of rows of mtobench peak: rate and share, for each number of threads.
func shares(samples []sample, unit, share string, title string, name func(s sample) string, keep func(op string) bool) string {
	var list []sample
	for _, s := range selectNamed(samples, "Peak", share) {
		if keep(s.keys["op"]) {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return absent("peak")
	}
	threads := distinct(list, "threads")
	header := []string{title}
	for _, n := range threads {
		header = append(header, unit+", "+threadsLabel(n), "%")
	}
	t := newTable(header...)
	var names []string
	cells := map[[2]string][]sample{}
	for _, s := range list {
		if !slices.Contains(names, name(s)) {
			names = append(names, name(s))
		}
		key := [2]string{name(s), s.keys["threads"]}
		cells[key] = append(cells[key], s)
	}
	for _, row := range names {
		line := []string{row}
		for _, n := range threads {
			clean := undisturbed(cells[[2]string{row, n}])
			if len(clean) == 0 {
				line = append(line, "", "")
				continue
			}
			line = append(line, fmt.Sprintf("%.1f", slices.Max(values(clean, unit))), fmt.Sprintf("%.0f", slices.Max(values(clean, share))))
		}
		t.row(line...)
	}
	return t.String()
}

// attentionSection takes BenchmarkAttention, with its peers, or else mtobench peak.
func attentionSection(samples []sample) string {
	if list := selectNamed(samples, "Attention", "GFLOP/s", fileKey, "peers"); len(list) > 0 {
		return byThreads(samples, list, "", func(list []sample) string {
			c := comparison{samples: list, unit: "GFLOP/s", scale: 1, format: "%.0f", rowKeys: []string{"op", "n", "hd"}, title: "operation, tokens, head dim"}
			return c.String()
		})
	}
	return shares(samples, "GFLOP/s", "%peak", "operation, tokens, head dim", func(s sample) string {
		return fmt.Sprintf("%s %s %s", s.keys["op"], s.keys["n"], s.keys["hd"])
	}, func(op string) bool { return strings.HasPrefix(op, "attention") })
}

func vectorSection(samples []sample) string {
	return shares(samples, "GB/s", "%bandwidth", "operation", func(s sample) string { return s.keys["op"] }, func(string) bool { return true })
}

// stepsSection compares images a second of whole training steps.
func stepsSection(samples []sample) string {
	return byThreads(samples, selectNamed(samples, "Step", "images/s", fileKey, "peers"), absent("peers"), func(list []sample) string {
		c := comparison{samples: list, unit: "images/s", scale: 1, format: "%.0f", rowKeys: []string{"mim", "model", "image"}, title: "method, model, image"}
		return c.String() + "\n" + stepShares(samples, list)
	})
}

// stepShares says how near our steps come to the peak.
func stepShares(all, list []sample) string {
	var lines []string
	seen := map[string][]sample{}
	var names []string
	for _, s := range list {
		if name := s.keys["mim"] + " " + s.keys["model"]; strings.HasPrefix(competitor(s), ours) && s.values["GFLOP/s"] > 0 {
			if seen[name] == nil {
				names = append(names, name)
			}
			seen[name] = append(seen[name], s)
		}
	}
	for _, name := range names {
		best := slices.Max(values(undisturbed(seen[name]), "GFLOP/s"))
		if p := peakOf(all, list[0].keys["threads"]); p > 0 {
			lines = append(lines, fmt.Sprintf("%s %.0f %%", name, 100*best/p))
		}
	}
	if lines == nil {
		return ""
	}
	return "mtobench's share of the FMA peak, at best: " + strings.Join(lines, ", ") + ".\n"
}

// memorySection compares the largest resident set of a step's process.
func memorySection(samples []sample) string {
	const unit = "peak-RSS-bytes"
	list := selectNamed(samples, "Step", unit, fileKey, "peers")
	if len(list) == 0 {
		return absent("peers")
	}
	c := comparison{samples: list, unit: unit, scale: 1.0 / (1 << 20), format: "%.0f", less: true,
		rowKeys: []string{"mim", "model", "image", "threads"}, title: "MiB; method, model, image, threads"}
	return c.String()
}

// bf16Section compares steps in bfloat16 with those in float32 of the same file.
func bf16Section(samples []sample) string {
	var list []sample
	for name, who := range map[string]string{"StepBF16": ours + " bf16", "Step": "float32"} {
		for _, s := range selectNamed(samples, name, "images/s", fileKey, "bf16") {
			s.keys = maps.Clone(s.keys)
			s.keys["peer"] = who
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b sample) int { return strings.Compare(b.keys["peer"], a.keys["peer"]) })
	return byThreads(samples, list, absent("bf16"), func(list []sample) string {
		c := comparison{samples: list, unit: "images/s", scale: 1, format: "%.0f", rowKeys: []string{"mim", "model", "image"}, title: "method, model, image"}
		return c.String()
	})
}

// mtoSection compares steps with and without Masked Token Optimization.
func mtoSection(samples []sample) string {
	var list []sample
	for _, s := range selectNamed(samples, "Step", "sec/op", fileKey, "mto") {
		s.keys = maps.Clone(s.keys)
		s.keys["peer"] = "mto=off"
		if s.keys["mto"] == "on" {
			s.keys["peer"] = ours + " mto=on"
		}
		list = append(list, s)
	}
	slices.SortStableFunc(list, func(a, b sample) int { return strings.Compare(b.keys["peer"], a.keys["peer"]) })
	return byThreads(samples, list, absent("mto"), func(list []sample) string {
		c := comparison{samples: list, unit: "sec/op", scale: 1e3, format: "%.1f", less: true, rowKeys: []string{"mim", "model", "image"}, title: "ms; method, model, image"}
		return c.String()
	})
}

// neonSection lists instructions for each FMLA of the inner loops.
func neonSection(samples []sample) string {
	list := selectNamed(samples, "NEON", "instructions/FMLA")
	if len(list) == 0 {
		return absent("neon")
	}
	t := newTable("inner loop", "instructions for each FMLA", "fewest possible", "ratio")
	for _, s := range list {
		var words []string
		for _, key := range s.order {
			words = append(words, key+"="+s.keys[key])
		}
		have, least := s.values["instructions/FMLA"], s.values["ideal/FMLA"]
		t.row(strings.Join(words, " "), fmt.Sprintf("%.3f", have), fmt.Sprintf("%.3f", least), fmt.Sprintf("%.3f", have/least))
	}
	return t.String()
}
