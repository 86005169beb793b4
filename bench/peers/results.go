package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"golang.org/x/perf/benchfmt"

	"github.com/mtobench/mtobench/internal/statistics"
)

var procs = regexp.MustCompile(`-\d+$`)

// withoutProcs takes the number of processors off a benchmark's name, which go test adds and others don't.
func withoutProcs(name string) string { return procs.ReplaceAllString(name, "") }

// write writes all samples so far to path, which is replaced as a whole. Results that count are benchmark lines, with
// the competitor as "peer:" in the configuration; disturbed ones and those of a peer's slower settings are comments.
func (m *measurement) write(path string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Blocks of all peers in turn; disturbed: below %d%% of the FMA peak before or after.\n", quietPercent)
	for _, unit := range []string{"GFLOP/s better=higher", "images/s better=higher", "calibration-% better=higher", "peak-RSS-bytes better=lower"} {
		fmt.Fprintf(&b, "Unit %s\n", unit)
	}
	w := benchfmt.NewWriter(&b)
	for _, threads := range m.threads {
		result := &benchfmt.Result{Name: benchfmt.Name(fmt.Sprintf("Calibration/op=fma/threads=%d", threads)), Iters: 1,
			Values: []benchfmt.Value{{Value: m.calibrator.peak[threads] * float64(threads), Unit: "GFLOP/s"}}}
		if len(m.rows) > 0 {
			result.Config = slices.Clone(machineOf(m.samples[m.rows[0].name]))
		}
		result.Config = append(result.Config, benchfmt.Config{Key: "peer", Value: []byte("calibration"), File: true})
		if err := w.Write(result); err != nil {
			return err
		}
	}
	for _, r := range m.rows {
		samples := m.samples[r.name]
		machine := machineOf(samples)
		for _, peer := range peers(samples) {
			best := bestSetting(samples, peer)
			if best != "" {
				fmt.Fprintf(&b, "# %s %s: best setting: %s\n", r.name, peer, best)
			}
			for _, s := range samples {
				if s.competitor.peer != peer {
					continue
				}
				result := &benchfmt.Result{Name: benchfmt.Name(r.name), Iters: s.result.Iters, Config: slices.Clone(machine)}
				for _, v := range s.result.Values {
					if v.Unit != "B/op" && v.Unit != "allocs/op" { // only Go programs have these
						result.Values = append(result.Values, v)
					}
				}
				result.Values = append(result.Values, benchfmt.Value{Value: math.Floor(10*s.percent) / 10, Unit: "calibration-%"})
				result.Config = append(result.Config, benchfmt.Config{Key: "peer", Value: []byte(peer), File: true})
				switch {
				case !s.kept():
					comment(&b, "disturbed", s, result)
				case s.competitor.setting != best:
					comment(&b, "setting "+s.competitor.setting, s, result)
				default:
					if err := w.Write(result); err != nil {
						return err
					}
				}
			}
		}
	}
	temporary := path + ".tmp"
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(temporary, b.Bytes(), 0o666); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// comment writes a result as a line that readers of the format skip.
func comment(b *bytes.Buffer, why string, s sample, result *benchfmt.Result) {
	var line bytes.Buffer
	benchfmt.NewWriter(&line).Write(&benchfmt.Result{Name: result.Name, Iters: result.Iters, Values: result.Values})
	fmt.Fprintf(b, "# %s, %s: %s\n", why, s.competitor.peer, bytes.TrimSpace(line.Bytes()))
}

// machineOf is the configuration that mtobench's own results carry: goos, goarch, pkg, cpu. Peers get the same.
func machineOf(samples []sample) []benchfmt.Config {
	for _, s := range samples {
		if s.competitor.peer == ours {
			return s.result.Config
		}
	}
	return nil
}

// peers are the names of those who ran, in order.
func peers(samples []sample) []string {
	var names []string
	for _, s := range samples {
		if !slices.Contains(names, s.competitor.peer) {
			names = append(names, s.competitor.peer)
		}
	}
	return names
}

// bestSetting is the setting of peer with the lowest median time among the samples that count.
func bestSetting(samples []sample, peer string) string {
	times := map[string][]float64{}
	for _, s := range samples {
		if seconds, ok := s.result.Value("sec/op"); ok && s.competitor.peer == peer && s.kept() {
			times[s.competitor.setting] = append(times[s.competitor.setting], seconds)
		}
	}
	best, at := "", 0.0
	for setting, list := range times {
		if t := statistics.Median(list); at == 0 || t < at || t == at && cmp.Less(setting, best) {
			best, at = setting, t
		}
	}
	return best
}
