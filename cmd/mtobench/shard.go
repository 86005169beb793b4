package main

import (
	"context"
	"fmt"
	"os"

	"github.com/mtobench/mtobench/harness"
)

// shardFlag shares a study out among processes.
type shardFlag struct {
	Shard string `placeholder:"i/n" help:"Carry out share i of n only, counting from 0; auto: by the array index of Slurm, Kubernetes or Nomad."`
}

// shard is the flag's, or the whole.
func (f *shardFlag) shard() (harness.Shard, error) {
	if f.Shard == "" {
		return harness.Shard{Index: 0, Count: 1}, nil
	}
	return harness.ParseShard(f.Shard, os.LookupEnv)
}

// runShard carries out one shard and says so. Nothing is judged: others may still be at work.
func runShard(ctx context.Context, s *harness.Study, shard harness.Shard) error {
	summary, err := s.RunShard(ctx, shard)
	if err != nil {
		return err
	}
	fmt.Printf("%s: finished; when all shards are, judge the study: mtobench collect %s, then mtobench compare %s\n", summary, s.Root, s.Root)
	return nil
}

type planCommand struct {
	studyFlags
	shardFlag
}

func (p *planCommand) Run() error {
	shard, err := p.shard()
	if err != nil {
		return err
	}
	s, err := p.open()
	if err != nil {
		return err
	}
	return s.WritePlan(os.Stdout, shard)
}
