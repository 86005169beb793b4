// Perfdoc writes the tables and plots of docs/performance.md and docs/performance-xeon.md from the benchmark results in
// benchdata/results and benchdata/results/xeon.
//
//	go run ./internal/perfdoc
//
// Text between the lines <!-- perfdoc NAME --> and <!-- end --> is generated, as are docs/*.svg; the rest of a document is
// written by hand. bench/measure makes the results.
package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// A page is a document about one machine.
type page struct {
	document, results string
	gemm, scaling     string   // plots; empty for none
	sections          []string // that it has, each once
}

var pages = []page{
	{"docs/performance.md", "benchdata/results", "docs/gemm.svg", "docs/scaling.svg", slices.Sorted(maps.Keys(sections))},
	{"docs/performance-xeon.md", "benchdata/results/xeon", "docs/gemm-xeon.svg", "",
		[]string{"machine", "peak", "gemm", "attention", "vector", "steps", "memory", "bf16", "mto"}},
}

func main() {
	if err := write("."); err != nil {
		fmt.Fprintf(os.Stderr, "perfdoc: %v\n", err)
		os.Exit(1)
	}
}

// write brings the documents and the plots of the tree at root up to date.
func write(root string) error {
	files, err := generate(root)
	if err != nil {
		return err
	}
	for path, text := range files {
		if err := os.WriteFile(filepath.Join(root, path), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the documents and the plots as they should be, by their paths.
func generate(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, p := range pages {
		samples, err := readResults(filepath.Join(root, p.results))
		if err != nil {
			return nil, err
		}
		text, err := os.ReadFile(filepath.Join(root, p.document))
		if err != nil {
			return nil, err
		}
		if files[p.document], err = fill(text, samples, p.sections); err != nil {
			return nil, fmt.Errorf("%s: %w", p.document, err)
		}
		if p.gemm != "" {
			files[p.gemm] = gemmPlot(samples)
		}
		if p.scaling != "" {
			files[p.scaling] = scalingPlot(samples)
		}
	}
	return files, nil
}

const (
	blockBegin = "<!-- perfdoc "
	blockEnd   = "<!-- end -->\n"
)

// fill replaces the text of every generated block. Each of the sections wanted has exactly one.
func fill(text []byte, samples []sample, wanted []string) ([]byte, error) {
	var out bytes.Buffer
	seen := map[string]bool{}
	for {
		before, rest, ok := bytes.Cut(text, []byte(blockBegin))
		out.Write(before)
		if !ok {
			break
		}
		name, rest, ok := bytes.Cut(rest, []byte(" -->\n"))
		if !ok {
			return nil, fmt.Errorf("a block begins with %q and never ends; close the comment", blockBegin)
		}
		section, ok := sections[string(name)]
		if !ok || seen[string(name)] || !slices.Contains(wanted, string(name)) {
			return nil, fmt.Errorf("block %q: unknown here, or there twice", name)
		}
		seen[string(name)] = true
		_, after, ok := bytes.Cut(rest, []byte(blockEnd))
		if !ok {
			return nil, fmt.Errorf("block %q: no line %q", name, blockEnd)
		}
		fmt.Fprintf(&out, "%s%s -->\n%s%s", blockBegin, name, section(samples), blockEnd)
		text = after
	}
	for _, name := range wanted {
		if !seen[name] {
			return nil, fmt.Errorf("block %q: missing; add %s%s --> and %s", name, blockBegin, name, blockEnd)
		}
	}
	return out.Bytes(), nil
}
