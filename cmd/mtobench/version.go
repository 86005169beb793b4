package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/mtobench/mtobench/harness"
	"github.com/mtobench/mtobench/simd"
)

// version says which program this is, in one line.
func version() string {
	module, revision := "unknown version", "no revision"
	if info, ok := debug.ReadBuildInfo(); ok {
		module = info.Main.Version
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				revision += ", modified"
			}
		}
	}
	return fmt.Sprintf("mtobench %s (%s), numerics %d, %s %s/%s, %s", module, revision, harness.Numerics, runtime.Version(), runtime.GOOS, runtime.GOARCH, simd.ISA())
}

// polite turns what people type first into what the parser knows: nothing, or help, into --help.
func polite(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(args[1:len(args):len(args)], "--help")
	}
	return args
}
