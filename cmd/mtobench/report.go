package main

import (
	"fmt"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/internal/report"
)

type reportCommand struct{ folderArgs }

func (c *reportCommand) Run() error {
	return c.each(func(s *harness.Study) error {
		r, err := s.Collect()
		if err != nil {
			return err
		}
		return writePage(r)
	})
}

// writePage writes report.html into the study's folder and says where it is.
func writePage(r *harness.Report) error {
	path, err := report.WriteFile(r)
	if err == nil {
		fmt.Printf("report:  %s\n", path)
	}
	return err
}
