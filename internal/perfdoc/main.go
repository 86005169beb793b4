// Perfdoc writes the tables and plots of docs/performance.md from the benchmark results in benchdata/results.
//
//	go run ./internal/perfdoc
//
// Text between the lines <!-- perfdoc NAME --> and <!-- end --> is generated, as are docs/*.svg; the rest of the
// document is written by hand. bench/measure makes the results.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

const (
	document = "docs/performance.md"
	results  = "benchdata/results"
)

func main() {
	if err := write("."); err != nil {
		fmt.Fprintf(os.Stderr, "perfdoc: %v\n", err)
		os.Exit(1)
	}
}

// write brings the document and the plots of the tree at root up to date.
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

// generate returns the document and the plots as they should be, by their paths.
func generate(root string) (map[string][]byte, error) {
	samples, err := readResults(filepath.Join(root, results))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(root, document))
	if err != nil {
		return nil, err
	}
	text, err = fill(text, samples)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", document, err)
	}
	return map[string][]byte{
		document:           text,
		"docs/gemm.svg":    gemmPlot(samples),
		"docs/scaling.svg": scalingPlot(samples),
	}, nil
}

const (
	blockBegin = "<!-- perfdoc "
	blockEnd   = "<!-- end -->\n"
)

// fill replaces the text of every generated block. Each section has exactly one.
func fill(text []byte, samples []sample) ([]byte, error) {
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
		if !ok || seen[string(name)] {
			return nil, fmt.Errorf("block %q: unknown, or there twice", name)
		}
		seen[string(name)] = true
		_, after, ok := bytes.Cut(rest, []byte(blockEnd))
		if !ok {
			return nil, fmt.Errorf("block %q: no line %q", name, blockEnd)
		}
		fmt.Fprintf(&out, "%s%s -->\n%s%s", blockBegin, name, section(samples), blockEnd)
		text = after
	}
	for name := range sections {
		if !seen[name] {
			return nil, fmt.Errorf("block %q: missing; add %s%s --> and %s", name, blockBegin, name, blockEnd)
		}
	}
	return out.Bytes(), nil
}
