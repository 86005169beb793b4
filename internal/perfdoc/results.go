package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// sample is one benchmark line.
type sample struct {
	name   string            // up to the first key: GEMM, Step, Peak, ...
	keys   map[string]string // of the name and of the configuration, the name's win; fileKey
	order  []string          // keys of the name in their order
	values map[string]float64
}

// fileKey is the key of a file's name, without .bench. Samples are compared within one file: it is written by one
// program that measures all in turn.
const fileKey = "file"

// readResults reads all files NAME.bench of a folder, in the order of their names.
func readResults(dir string) ([]sample, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.bench"))
	if err != nil {
		return nil, err
	}
	var samples []sample
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		reader := benchfmt.NewReader(f, path)
		for reader.Scan() {
			switch rec := reader.Result().(type) {
			case *benchfmt.Result:
				samples = append(samples, newSample(rec, strings.TrimSuffix(filepath.Base(path), ".bench")))
			case *benchfmt.SyntaxError:
				f.Close()
				return nil, fmt.Errorf("%s", rec)
			}
		}
		f.Close()
		if err := reader.Err(); err != nil {
			return nil, err
		}
	}
	return samples, nil
}

func newSample(r *benchfmt.Result, file string) sample {
	s := sample{keys: map[string]string{}, values: map[string]float64{}}
	for _, c := range r.Config {
		s.keys[c.Key] = string(c.Value)
	}
	s.keys[fileKey] = file
	base, parts := r.Name.Parts()
	s.name = string(base)
	for _, part := range parts {
		key, value, ok := strings.Cut(strings.TrimPrefix(string(part), "/"), "=")
		if ok {
			s.keys[key] = value
			s.order = append(s.order, key)
		}
	}
	for _, v := range r.Values {
		s.values[v.Unit] = v.Value
	}
	return s
}

// selectNamed returns the samples called name that have the unit and, for each pair of key and value in where, that
// value.
func selectNamed(samples []sample, name, unit string, where ...string) []sample {
	var found []sample
next:
	for _, s := range samples {
		if _, ok := s.values[unit]; !ok || s.name != name {
			continue
		}
		for i := 0; i < len(where); i += 2 {
			if s.keys[where[i]] != where[i+1] {
				continue next
			}
		}
		found = append(found, s)
	}
	return found
}

// leastCalibration is the calibration-% below which a sample counts only where there is no better one.
const leastCalibration = 90

// undisturbed leaves out samples taken while another process had part of the CPU, if others are left.
func undisturbed(samples []sample) []sample {
	clean := slices.DeleteFunc(slices.Clone(samples), func(s sample) bool {
		c, ok := s.values["calibration-%"]
		return ok && c < leastCalibration
	})
	if len(clean) == 0 {
		return samples
	}
	return clean
}

// values collects a unit.
func values(samples []sample, unit string) []float64 {
	var x []float64
	for _, s := range samples {
		x = append(x, s.values[unit])
	}
	return x
}

// distinct returns the values of a key, in the order they first appear, or by number where all are numbers.
func distinct(samples []sample, key string) []string {
	var found []string
	numbers := true
	for _, s := range samples {
		v, ok := s.keys[key]
		if !ok || slices.Contains(found, v) {
			continue
		}
		found = append(found, v)
		_, err := strconv.ParseFloat(v, 64)
		numbers = numbers && err == nil
	}
	if numbers {
		slices.SortFunc(found, func(a, b string) int {
			x, _ := strconv.ParseFloat(a, 64)
			y, _ := strconv.ParseFloat(b, 64)
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		})
	}
	return found
}

// peakOf is the FMA peak in GFLOP/s on so many threads, 0 if it wasn't measured.
func peakOf(samples []sample, threads string) float64 {
	x := values(selectNamed(samples, "Peak", "GFLOP/s", "op", "fma", "threads", threads), "GFLOP/s")
	if len(x) == 0 {
		return 0
	}
	return slices.Max(x)
}
