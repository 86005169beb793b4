package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// An offence is one compiled instruction that may give other bits on another machine.
type offence struct {
	file     string // relative to the module's root where it lies below it
	line     int
	function string // as the linker names it: package path, dot, function
	what     string // the instruction, or the function called
	remedy   string
	target   string
}

func (o offence) String() string {
	return fmt.Sprintf("%s:%d: %s: %s (%s); %s", o.file, o.line, o.function, o.what, o.target, o.remedy)
}

const (
	splitRemedy = "round the product: float32(x*y) + z or float64(x*y) + z, or call an FMA"
	mathRemedy  = "use internal/detmath"
)

var (
	// A function's head: "pkg.Func STEXT ...".
	headLine = regexp.MustCompile(`^(\S.*?) STEXT `)
	// An instruction: "\t0x0030 00048 (file.go:21)\tFMADDS\tF1, F0, F2, F0"; the place is the innermost inlined one.
	instructionLine = regexp.MustCompile(`^\t0x[0-9a-f]+ \d+ \((.+):(\d+)\)\t([A-Z][A-Z0-9.]*)(?:\t(.*))?$`)
	// arm64 FMADDS FMADDD FMSUB* FNMADD* FNMSUB* VFMLA VFMLS; amd64 VFMADD231SD VFMSUB* VFNMADD* VFNMSUB*.
	fused = regexp.MustCompile(`^(V?FN?M(ADD|SUB)[0-9]*[SDP]{1,2}|VFML[AS])$`)
	// Functions of package math (and their assembly forms) that aren't the same algorithm, or fuse, on some architecture.
	// Sqrt, Floor, Ceil, Trunc, Round, RoundToEven, Abs, FMA, Ldexp, Frexp, Mod, Max and Min are exact.
	mathCall = regexp.MustCompile(`^math\.(arch)?((?i:exp|exp2|expm1|expmulti|log|log10|log1p|log2|pow|sin|cos|sincos|tan|tanh|sinh|cosh|asin|acos|atan|satan|xatan|atan2|asinh|acosh|atanh|erf|erfc|erfinv|erfcinv|gamma|lgamma|cbrt|hypot|j0|j1|jn|y0|y1|yn|stirling))\(SB\)$`)
)

// offences reads a listing and returns what functions of the module may not hold.
func offences(listing string, in module, target string) ([]offence, error) {
	var found []offence
	seen := map[offence]bool{}
	asked := fmaCalls{}
	function := ""
	for text := range strings.Lines(listing) {
		text = strings.TrimSuffix(text, "\n")
		if head := headLine.FindStringSubmatch(text); head != nil {
			function = head[1]
			continue
		}
		m := instructionLine.FindStringSubmatch(text)
		if m == nil || !in.owns(function) {
			continue
		}
		o := offence{file: m[1], function: function, what: m[3], remedy: splitRemedy, target: target}
		o.line, _ = strconv.Atoi(m[2])
		switch {
		case fused.MatchString(o.what):
			ok, err := asked.on(o.file, o.line)
			if err != nil {
				return nil, err
			}
			if ok {
				continue
			}
		case (o.what == "CALL" || o.what == "JMP") && mathCall.MatchString(m[4]):
			o.what, o.remedy = "calls "+strings.TrimSuffix(m[4], "(SB)"), mathRemedy
		default:
			continue
		}
		if rel, err := filepath.Rel(in.root, o.file); err == nil && filepath.IsLocal(rel) {
			o.file = filepath.ToSlash(rel)
		}
		place := o
		place.function = "" // a place inlined into many functions is one offence
		if o.remedy == mathRemedy {
			place.function = o.function // the place is in package math
		}
		if !seen[place] {
			seen[place] = true
			found = append(found, o)
		}
	}
	return found, nil
}

// buildErrors is what a failed build printed besides listings.
func buildErrors(out string) string {
	var b strings.Builder
	for text := range strings.Lines(out) {
		if strings.Contains(text, ".go:") && !strings.HasPrefix(text, "\t") && !headLine.MatchString(text) {
			b.WriteString(text)
		}
	}
	return b.String()
}
