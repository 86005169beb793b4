package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/nomad/jobspec2"
)

// checkNomad parses a job strictly: unknown blocks and arguments, wrong types and undeclared variables are errors.
func checkNomad(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	job, err := jobspec2.ParseWithConfig(&jobspec2.ParseConfig{Path: path, Body: text, Strict: true})
	if err != nil {
		return "", err
	}
	job.Canonicalize()
	if len(job.TaskGroups) != 1 {
		return "", fmt.Errorf("%d groups, want 1", len(job.TaskGroups))
	}
	group := job.TaskGroups[0]
	if told := group.Tasks[0].Env["MTOBENCH_SHARDS"]; told != fmt.Sprint(*group.Count) {
		return "", fmt.Errorf("MTOBENCH_SHARDS is %q, count %d: they must be equal", told, *group.Count)
	}
	return fmt.Sprintf("job %s, %s, %d allocations, Nomad takes it", *job.ID, *job.Type, *group.Count), nil
}
