package harness

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// curveHead is the first line of curve.csv.
const curveHead = "# mtobench curve, schema "

// curveColumns are the columns before the diagnostics, in order.
var curveColumns = []string{
	"step", "images", "epochs", "top1_pct", "knn_pct", "recon_loss", "train_loss", "train_ns", "wall_ns", "cpu_ns", "state", "chain",
}

// csv writes the curve, diagnostics in alphabetical order behind the fixed columns. Numbers are in
// their shortest form, so reading gives the same bits.
func (c Curve) csv() []byte {
	names := map[string]bool{}
	for _, p := range c {
		for name := range p.Diagnostics {
			names[name] = true
		}
	}
	diagnostics := slices.Sorted(maps.Keys(names))
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%d\n", curveHead, Schema)
	w := csv.NewWriter(&b)
	w.Write(append(slices.Clone(curveColumns), diagnostics...))
	float := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, p := range c {
		row := []string{
			strconv.Itoa(p.Step), strconv.FormatInt(p.Images, 10), float(p.Epochs), float(p.Top1), float(p.KNN),
			float(p.Recon), float(p.Loss), strconv.FormatInt(p.TrainNS, 10), strconv.FormatInt(p.WallNS, 10), strconv.FormatInt(p.CPUNS, 10), p.State, p.Chain,
		}
		for _, name := range diagnostics {
			v, ok := p.Diagnostics[name]
			if !ok {
				row = append(row, "")
				continue
			}
			row = append(row, float(v))
		}
		w.Write(row)
	}
	w.Flush() // into memory: can't fail
	return b.Bytes()
}

// ReadCurve reads curve.csv.
func ReadCurve(path string) (Curve, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := checkHead(path, data, curveHead); err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(string(data), "\n")
	if rest != "" && !strings.HasSuffix(rest, "\n") { // a number that is cut off is a number too
		return nil, fmt.Errorf("%s: %w: its last line is cut off", path, errDamaged)
	}
	rows, err := csv.NewReader(strings.NewReader(rest)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, errDamaged, err)
	}
	if len(rows) == 0 || len(rows[0]) < len(curveColumns) || !slices.Equal(rows[0][:len(curveColumns)], curveColumns) {
		return nil, fmt.Errorf("%s: %w: line 2: want the columns %s", path, errDamaged, strings.Join(curveColumns, ","))
	}
	var c Curve
	for i, row := range rows[1:] {
		p, err := parsePoint(rows[0], row)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: line %d: %w", path, errDamaged, i+3, err)
		}
		c = append(c, p)
	}
	return c, nil
}

func parsePoint(header, row []string) (p Point, err error) {
	at := 0
	text := func() string { at++; return row[at-1] }
	whole := func() int64 {
		n, e := strconv.ParseInt(text(), 10, 64)
		if e != nil && err == nil {
			err = fmt.Errorf("column %s: %w", header[at-1], e)
		}
		return n
	}
	float := func() float64 {
		v, e := strconv.ParseFloat(text(), 64)
		if e != nil && err == nil {
			err = fmt.Errorf("column %s: %w", header[at-1], e)
		}
		return v
	}
	p.Step, p.Images = int(whole()), whole()
	p.Epochs, p.Top1, p.KNN, p.Recon, p.Loss = float(), float(), float(), float(), float()
	p.TrainNS, p.WallNS, p.CPUNS = whole(), whole(), whole()
	p.State, p.Chain = text(), text()
	for at < len(row) {
		if row[at] == "" {
			at++
			continue
		}
		if p.Diagnostics == nil {
			p.Diagnostics = map[string]float64{}
		}
		name := header[at]
		p.Diagnostics[name] = float()
	}
	return p, err
}
