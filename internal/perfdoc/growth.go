package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/mtobench/mtobench/internal/statistics"
)

// scalingSizes are the sizes that BenchmarkScaling varies, one at a time.
var scalingSizes = []string{"width", "depth", "tokens", "batch"}

// scalingSection is a row for each size of the step.
func scalingSection(samples []sample) string {
	list := selectNamed(samples, "Scaling", "sec/op")
	if len(list) == 0 {
		return absent("scaling")
	}
	threads := distinct(list, "threads")
	header := []string{"width, depth, tokens, batch", "GFLOP"}
	for _, n := range threads {
		header = append(header, "ms, "+threadsLabel(n), "GFLOP/s")
	}
	t := newTable(append(header, "speed-up")...)
	base := scalingBase(list)
	var done []string
	for _, size := range scalingSizes {
		for _, v := range distinct(list, size) {
			where := pointWith(base, size, v)
			name := fmt.Sprintf("%s, %s, %s, %s", where[1], where[3], where[5], where[7])
			if slices.Contains(done, name) {
				continue
			}
			done = append(done, name)
			if row, ok := scalingRow(list, name, where, threads); ok {
				t.row(row...)
			}
		}
	}
	return t.String()
}

// scalingRow is one size: work, then time and rate for each number of threads, then the gain of the most threads.
func scalingRow(list []sample, name string, where, threads []string) (cells []string, ok bool) {
	one := selectNamed(list, "Scaling", "FLOP/op", where...)
	if len(one) == 0 {
		return nil, false
	}
	flop := one[0].values["FLOP/op"]
	cells = []string{name, fmt.Sprintf("%.1f", flop/1e9)}
	var first, last float64
	for _, n := range threads {
		seconds, ok := stepSeconds(list, append(slices.Clone(where), "threads", n))
		if !ok {
			cells = append(cells, "", "")
			continue
		}
		if first == 0 {
			first = seconds
		}
		last = seconds
		cells = append(cells, fmt.Sprintf("%.1f", seconds*1e3), fmt.Sprintf("%.0f", flop/seconds/1e9))
	}
	return append(cells, fmt.Sprintf("%.2f", first/last)), true
}

// stepSeconds is the median time of the samples of BenchmarkScaling at a point.
func stepSeconds(list []sample, where []string) (float64, bool) {
	x := values(undisturbed(selectNamed(list, "Scaling", "sec/op", where...)), "sec/op")
	if len(x) == 0 {
		return 0, false
	}
	return statistics.Median(x), true
}

// scalingBase is the point at which the lines cross: of each size the value that occurs with most values of the others.
func scalingBase(list []sample) []string {
	var where []string
	for _, size := range scalingSizes {
		most, base := 0, ""
		for _, v := range distinct(list, size) {
			if n := len(selectNamed(list, "Scaling", "sec/op", size, v)); n > most {
				most, base = n, v
			}
		}
		where = append(where, size, base)
	}
	return where
}

// pointWith is the base with one size replaced.
func pointWith(base []string, size, value string) []string {
	where := slices.Clone(base)
	where[slices.Index(where, size)+1] = value
	return where
}

// opsSection divides steps among their operations, and extends each by Amdahl's law.
func opsSection(samples []sample) string {
	list := selectNamed(samples, "Ops", "sec/op")
	if len(list) == 0 {
		return absent("ops")
	}
	text := ""
	for _, model := range distinct(list, "model") {
		for _, method := range distinct(selectNamed(list, "Ops", "sec/op", "model", model), "mim") {
			text += opsTable(selectNamed(list, "Ops", "sec/op", "model", model, "mim", method), model, method)
		}
	}
	return text
}

// leastShare of a step's time gives an operation a row of its own.
const leastShare = 0.005

func opsTable(list []sample, model, method string) string {
	threads := distinct(list, "threads")
	many := threads[len(threads)-1]
	n, err := strconv.ParseFloat(many, 64)
	if err != nil || n < 2 {
		return ""
	}
	type opTime struct{ one, all float64 }
	least := func(op, threads string) float64 {
		x := values(selectNamed(list, "Ops", "sec/op", "op", op, "threads", threads), "sec/op")
		if len(x) == 0 {
			return 0
		}
		return slices.Min(x)
	}
	total := opTime{}
	rest := opTime{}
	amdahl := func(o opTime, cores float64) float64 { // serial + parallel/cores, from the two measured times
		serial := min(o.one, max(0, (n*o.all-o.one)/(n-1)))
		return serial + (o.one-serial)/cores
	}
	times := map[string]opTime{}
	ops := distinct(list, "op")
	for _, op := range ops {
		times[op] = opTime{least(op, "1"), least(op, many)}
		total = opTime{total.one + times[op].one, total.all + times[op].all}
	}
	moved := func(ops ...string) float64 { // GB of one step
		sum := 0.0
		for _, op := range ops {
			if x := values(selectNamed(list, "Ops", "moved-bytes", "op", op, "threads", "1"), "moved-bytes"); len(x) > 0 {
				sum += x[0] / 1e9
			}
		}
		return sum
	}
	t := newTable(model+", "+method, "% of the step", "GB moved", "GFLOP/s, 1 thread", "speed-up, "+threadsLabel(many), "Amdahl, 8 threads", "64 threads")
	line := func(name, rate string, o opTime, ops ...string) {
		t.row(name, fmt.Sprintf("%.1f", 100*o.one/total.one), fmt.Sprintf("%.2f", moved(ops...)), rate, fmt.Sprintf("%.2f", o.one/o.all),
			fmt.Sprintf("%.1f", o.one/amdahl(o, 8)), fmt.Sprintf("%.1f", o.one/amdahl(o, 64)))
	}
	var eight, sixtyFour float64
	var small []string
	for _, op := range ops {
		o := times[op]
		eight, sixtyFour = eight+amdahl(o, 8), sixtyFour+amdahl(o, 64)
		if o.one < leastShare*total.one {
			rest = opTime{rest.one + o.one, rest.all + o.all}
			small = append(small, op)
			continue
		}
		rate := ""
		if x := values(selectNamed(list, "Ops", "GFLOP/s", "op", op, "threads", "1"), "GFLOP/s"); len(x) > 0 {
			rate = fmt.Sprintf("%.0f", slices.Max(x))
		}
		line(op, rate, o, op)
	}
	line("all others", "", rest, small...)
	t.row("**step**", "100", fmt.Sprintf("%.2f", moved(ops...)), "", fmt.Sprintf("%.2f", total.one/total.all), fmt.Sprintf("%.1f", total.one/eight), fmt.Sprintf("%.1f", total.one/sixtyFour))
	return t.String() + "\n"
}
