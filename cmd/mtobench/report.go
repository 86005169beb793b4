package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/report"
)

type reportCommand struct {
	folderArgs
	Trend string `placeholder:"FILE.html" help:"Write one page instead, to this file: ratio and seconds of all the studies by commit, a point for each folder, a panel for each lock."`
}

func (c *reportCommand) Run() error {
	if c.Trend != "" {
		return c.trend()
	}
	return c.each(func(s *harness.Study) error {
		r, err := s.Collect()
		if err != nil {
			return err
		}
		return writePage(r)
	})
}

// trend writes the history of several studies. Unlike elsewhere, folders of one lock are studies of their own:
// the same study by other versions of the code. A result file stands for its folder.
func (c *reportCommand) trend() error {
	if !strings.HasSuffix(c.Trend, ".html") {
		return fmt.Errorf("%w: --trend %s: want the name of the page to write, like trend.html; the studies come behind it", harness.ErrConfig, c.Trend)
	}
	if dir := filepath.Dir(c.Trend); !isFolder(dir) { // before the studies are judged
		return fmt.Errorf("%w: --trend %s: there is no folder %s; make it", harness.ErrConfig, c.Trend, dir)
	}
	paths := c.Folders
	if len(paths) == 0 {
		paths = []string{"runs"}
	}
	for i, path := range paths {
		if _, err := os.Stat(path); err == nil && !isFolder(path) {
			paths[i] = filepath.Dir(path)
		}
	}
	roots, err := harness.StudyFolders(paths...)
	if err != nil {
		return err
	}
	var reports []*harness.Report
	for _, root := range roots {
		s, err := harness.OpenPast(root)
		if errors.Is(err, harness.ErrRule) {
			fmt.Fprintf(os.Stderr, "mtobench: %s: left out: %v\n", root, err)
			continue
		}
		if err != nil {
			return err
		}
		r, err := s.Judge()
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	if len(reports) == 0 {
		return fmt.Errorf("%w: --trend: no study to show; name the folder of one that this program judges", harness.ErrConfig)
	}
	if err := report.WriteTrendFile(c.Trend, reports); err != nil {
		return err
	}
	fmt.Printf("trend:   %s\n", c.Trend)
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// writePage writes report.html into the study's folder and says where it is.
func writePage(r *harness.Report) error {
	path, err := report.WriteFile(r)
	if err == nil {
		fmt.Printf("report:  %s\n", path)
	}
	return err
}
