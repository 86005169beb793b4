// Package resultfile reads a file of benchmark results into typed lines for programs that judge it.
//
// golang.org/x/perf/benchfmt does the parsing. On top of it this package keeps what a judge needs and a
// viewer doesn't: the number of each line, the seed it belongs to, the repeated run that a study records
// for the noise of its host, lines that no reader of the format understands, and every problem with its
// position. It computes nothing, so a value that isn't finite costs no more than any other.
package resultfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// Schema is the version of every file that mtobench writes. A file with a newer one is refused.
const Schema = 1

// maxBytes is the size above which a file isn't read: results of a million runs take less.
const maxBytes = 1 << 30

// Comments that carry facts about a benchmark line. They are comments because benchstat would split its
// tables on configuration lines, and its rows on names.
const (
	SchemaComment = "# mtobench results, schema " // then the file's; it comes first
	SeedComment   = "# seed "                     // then the seed of the benchmark line that follows
	RepeatComment = "# repeat "                   // then a benchmark line: of a run that repeats the one of the line before
)

// A File is one file of results.
type File struct {
	Path     string
	Lines    []Line
	Better   map[string]string // of each declared unit, as written in the file: higher, lower or empty
	Problems []Problem         // what could not be parsed, in the order of the file
	Foreign  []Problem         // lines that are nothing in the format, which readers skip without a word
}

// A Line is one benchmark line.
type Line struct {
	Number int
	Config *Config
	Name   string // without Benchmark, /seed=N and -N
	Procs  string // -N with its dash, or empty
	Seed   int
	Seeded bool // the seed is known: from the name, or from the comment before the line
	InName bool // from the name
	Values []Value
	Repeat []Value // of the run that repeats this one, where there is one
}

// A Value is a measurement in the unit it was written in.
type Value struct {
	Number float64
	Unit   string
}

// Value returns the line's figure in a unit.
func (l *Line) Value(unit string) (float64, bool) {
	for _, v := range l.Values {
		if v.Unit == unit {
			return v.Number, true
		}
	}
	return 0, false
}

// Arm is the part mto= of the name, or empty.
func (l *Line) Arm() string {
	for part := range strings.SplitSeq(l.Name, "/") {
		if arm, ok := strings.CutPrefix(part, "mto="); ok {
			return arm
		}
	}
	return ""
}

// Config is the configuration lines in force, shared by the lines under it. The keys are in the order of
// the file.
type Config struct {
	Keys   []string
	Values map[string]string
}

// A Problem is a mistake in a file with its line, or line 0 for the file as a whole.
type Problem struct {
	Path  string
	Line  int
	Found string
	Do    string // what to do about it
}

func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s; %s", p.Path, p.Found, p.Do)
	}
	return fmt.Sprintf("%s:%d: %s; %s", p.Path, p.Line, p.Found, p.Do)
}

// Read reads the file at path. The error is about the file as such; what is wrong inside stands among
// its problems.
func Read(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: a folder; name its results.txt", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("%s: more than %d bytes: not a file of results", path, maxBytes)
	}
	return Parse(path, data), nil
}

// Parse reads a file's content. path is what problems call it.
func Parse(path string, data []byte) *File {
	f := &File{Path: path, Better: map[string]string{}}
	notes := f.scan(data)
	if len(data) > 0 && data[len(data)-1] != '\n' { // what is left of a figure or a unit reads as another
		f.Problems = append(f.Problems, Problem{path, notes.lines, "the file ends in the middle of a line: it was cut off", "restore it, or collect the study again (mtobench collect); where the line is whole, end it"})
	}
	configs := configs{}
	reader := benchfmt.NewReader(bytes.NewReader(data), path)
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			f.Problems = append(f.Problems, Problem{path, rec.Line, rec.Msg, "readers leave the line out; run again with nothing else printed, or mend it"})
		case *benchfmt.UnitMetadata:
			if _, ok := f.Better[rec.OrigUnit]; !ok {
				f.Better[rec.OrigUnit] = ""
			}
			if rec.Key == "better" {
				f.Better[rec.OrigUnit] = rec.Value
			}
		case *benchfmt.Result:
			_, number := rec.Pos()
			line := newLine(rec, number, configs.of(rec))
			if seed, ok := notes.seeds[number]; ok && !line.Seeded {
				line.Seed, line.Seeded = seed, true
			}
			f.repeat(&line, notes)
			f.Lines = append(f.Lines, line)
		}
	}
	if err := reader.Err(); err != nil {
		if cause := errors.Unwrap(err); cause != nil { // without the position, which a problem has itself
			err = cause
		}
		f.Problems = append(f.Problems, Problem{path, 0, err.Error(), "nothing behind it is read; a line may have up to 64 KiB"})
	}
	return f
}

// newLine takes a result over from the reader, which keeps its memory.
func newLine(rec *benchfmt.Result, number int, c *Config) Line {
	l := Line{Number: number, Config: c}
	parts := strings.Split(string(rec.Name), "/")
	last := len(parts) - 1
	if at := strings.LastIndexByte(parts[last], '-'); at >= 0 && digits(parts[last][at+1:]) {
		parts[last], l.Procs = parts[last][:at], parts[last][at:]
	}
	kept := parts[:0]
	for _, part := range parts {
		if number, ok := strings.CutPrefix(part, "seed="); ok {
			if seed, err := strconv.Atoi(number); err == nil {
				l.Seed, l.Seeded, l.InName = seed, true, true
				continue
			}
		}
		kept = append(kept, part)
	}
	l.Name = strings.Join(kept, "/")
	for _, v := range rec.Values {
		if v.OrigUnit != "" {
			l.Values = append(l.Values, Value{v.OrigValue, v.OrigUnit})
		} else {
			l.Values = append(l.Values, Value{v.Value, v.Unit})
		}
	}
	return l
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// configs holds each configuration once.
type configs map[string]*Config

func (cs configs) of(rec *benchfmt.Result) *Config {
	var key strings.Builder
	for _, c := range rec.Config {
		key.WriteString(c.Key + "\n" + string(c.Value) + "\n")
	}
	c := cs[key.String()]
	if c == nil {
		c = &Config{Values: map[string]string{}}
		for _, line := range rec.Config {
			c.Keys = append(c.Keys, line.Key)
			c.Values[line.Key] = string(line.Value)
		}
		slices.Sort(c.Keys)
		cs[key.String()] = c
	}
	return c
}
