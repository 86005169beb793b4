// Package report writes what a study says as one HTML page: the verdict first, then the figures and
// numbers that it rests on, and all that is needed to repeat it.
//
// The page is whole in itself. It loads nothing (a policy in its head forbids it), runs no script, and
// reads as well from a disk without network, on paper, on a phone and by keyboard. Every figure is an
// inline SVG with a name, a description and a table of its numbers. The same runs give the same bytes:
// there is no time of writing in it, and no path of the machine that wrote it.
package report

import (
	"bytes"
	_ "embed"
	"html/template"
	"io"
	"path/filepath"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/atomicfile"
)

// Name is the file's name in a study's folder.
const Name = "report.html"

var (
	//go:embed page.html
	pageText string
	//go:embed style.css
	styleText string

	pageTemplate = template.Must(template.New("page").Parse(pageText))
)

// Write writes the page of r to w. Nothing is written where it fails.
func Write(w io.Writer, r *harness.Report) error {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, newPage(r, styleText)); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// WriteFile writes the page into the study's folder and returns its path.
func WriteFile(r *harness.Report) (string, error) {
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		return "", err
	}
	path := filepath.Join(r.Study.Root, Name)
	return path, atomicfile.Write(path, b.Bytes())
}
