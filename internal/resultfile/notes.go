package resultfile

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/perf/benchfmt"
)

// notes are what the comments say.
type notes struct {
	seeds   map[int]int    // by the number of the benchmark line that follows
	repeats map[int]repeat // by the number of the benchmark line before
	lines   int
}

// A repeat is a repeat comment without its head.
type repeat struct {
	number int
	text   string
}

// scan reads the comments and finds the foreign lines.
func (f *File) scan(data []byte) notes {
	n := notes{seeds: map[int]int{}, repeats: map[int]repeat{}}
	seed, seeded := 0, false
	last := 0 // benchmark line
	for line := range bytes.Lines(data) {
		n.lines++
		text := strings.TrimRight(string(line), "\r\n")
		switch {
		case strings.HasPrefix(text, SchemaComment):
			if s, err := strconv.Atoi(strings.TrimPrefix(text, SchemaComment)); err == nil && s > Schema {
				f.Problems = append(f.Problems, Problem{f.Path, n.lines, fmt.Sprintf("schema %d: this program knows schemas up to %d", s, Schema), "use a newer mtobench"})
			}
		case strings.HasPrefix(text, SeedComment):
			number, _, _ := strings.Cut(strings.TrimPrefix(text, SeedComment), ",")
			if s, err := strconv.Atoi(strings.TrimSpace(number)); err == nil {
				seed, seeded = s, true
			}
		case strings.HasPrefix(text, RepeatComment+"Benchmark"):
			n.repeats[last] = repeat{n.lines, strings.TrimPrefix(text, RepeatComment)}
		case strings.HasPrefix(text, "Benchmark"):
			if seeded {
				n.seeds[n.lines] = seed
			}
			seeded, last = false, n.lines
			if !strings.ContainsFunc(text, unicode.IsSpace) {
				f.foreign(n.lines, "a benchmark's name without figures", "something was printed in between, or the run died; run it again")
			}
		case !known(text):
			f.foreign(n.lines, "not a line of the format: "+strconv.Quote(shorten(text)), "print nothing else while results are written; a comment begins with #")
		}
	}
	return n
}

func (f *File) foreign(line int, found, do string) {
	f.Foreign = append(f.Foreign, Problem{f.Path, line, found, do})
}

// known reports whether a line that is no result belongs into a file of results: blank, a comment,
// metadata of a unit, a configuration line, or what go test says around them.
func known(text string) bool {
	if text == "" || text[0] == '#' || strings.HasPrefix(text, "Unit ") || text == "PASS" || strings.HasPrefix(text, "ok  \t") || strings.TrimSpace(text) == "" {
		return true
	}
	key, value, ok := strings.Cut(text, ":")
	if !ok || key == "" || !unicode.IsLower([]rune(key)[0]) || strings.ContainsFunc(key, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsUpper(r) }) {
		return false
	}
	return value == "" || value[0] == ' ' || value[0] == '\t'
}

func shorten(text string) string {
	if len(text) > 60 {
		return text[:60] + "..."
	}
	return text
}

// repeat parses a repeat comment into the values of the run that repeats the line.
func (f *File) repeat(l *Line, n notes) {
	r, ok := n.repeats[l.Number]
	if !ok {
		return
	}
	reader := benchfmt.NewReader(strings.NewReader(r.text), f.Path)
	if reader.Scan() {
		if rec, ok := reader.Result().(*benchfmt.Result); ok {
			if again := newLine(rec, r.number, l.Config); again.Name == l.Name {
				l.Repeat = again.Values
				return
			}
		}
	}
	f.Problems = append(f.Problems, Problem{f.Path, r.number, "the repeated run isn't a benchmark line of the name above it", "collect the study again (mtobench collect)"})
}
