package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/harness"
)

// distinct lists the different values of the runs' manifests, with how many runs have each where they
// aren't all alike.
func distinct(r *harness.Report, of func(m harness.Manifest) string) string {
	count := map[string]int{}
	var order []string
	for _, f := range r.Runs {
		v := of(f.Manifest)
		if count[v] == 0 {
			order = append(order, v)
		}
		count[v]++
	}
	if len(order) == 1 {
		return order[0]
	}
	for i, v := range order {
		order[i] = fmt.Sprintf("%s (%d runs)", v, count[v])
	}
	return strings.Join(order, "; ")
}

// madeTable says what made the runs: code, data, machine and study.
func madeTable(r *harness.Report) table {
	lock := r.Study.Lock
	tab := table{ID: "made-table", Caption: "What made these runs", Align: "wwn"}
	add := func(name, value string) {
		if value != "" {
			tab.Rows = append(tab.Rows, row(name, value))
		}
	}
	of := func(name string, value func(m harness.Manifest) string) { add(name, distinct(r, value)) }
	add("study lock, SHA-256", lock.Hash)
	add("judging rule", lock.Rule)
	add("data", fmt.Sprintf("%s: %s training and %s validation images", lock.Data.Name, grouped(int64(lock.Data.Train)), grouped(int64(lock.Data.Validation))))
	add("data, SHA-256 of the decoded images", lock.Data.SHA256)
	of("program", func(m harness.Manifest) string { return m.Module })
	of("revision", func(m harness.Manifest) string {
		if m.Modified {
			return m.Revision + ", with local changes"
		}
		return m.Revision
	})
	of("numerics", func(m harness.Manifest) string { return fmt.Sprint(m.Numerics) })
	of("arithmetic", func(m harness.Manifest) string { return m.Arithmetic })
	of("dependencies, SHA-256", func(m harness.Manifest) string { return m.Modules })
	of("Go", func(m harness.Manifest) string { return m.Go })
	of("build settings", func(m harness.Manifest) string { return pairsText(m.Settings) })
	of("machine", func(m harness.Manifest) string {
		return fmt.Sprintf("%s/%s, %s, %d processors, accelerator %s", m.Machine.GOOS, m.Machine.GOARCH, m.Machine.CPU, m.Machine.Processors, m.Machine.Accelerator)
	})
	of("instruction set", func(m harness.Manifest) string { return m.ISA })
	of("threads", func(m harness.Manifest) string { return fmt.Sprintf("%d (GOMAXPROCS %d)", m.Threads, m.MaxProcs) })
	of("environment", func(m harness.Manifest) string { return pairsText(m.Variables) })
	of("parameters", func(m harness.Manifest) string { return grouped(int64(m.Params)) })
	of("FLOP per step, by arm", func(m harness.Manifest) string { return fmt.Sprintf("%s: %s", armText[m.Arm], grouped(m.FLOPs)) })
	if n := len(r.Runs); n > 0 {
		first, last := r.Runs[0].Manifest.Started, r.Runs[0].Manifest.Started
		for _, f := range r.Runs {
			first, last = min(first, f.Manifest.Started), max(last, f.Manifest.Started)
		}
		add("first and last run begun", first+" and "+last)
		add("command of the first run", strings.Join(r.Runs[0].Manifest.Arguments, " "))
	}
	return tab
}

func pairsText(m map[string]string) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		list = append(list, key+"="+m[key])
	}
	return strings.Join(list, " ")
}

// configTable lists the whole configuration.
func configTable(r *harness.Report) table {
	tab := table{ID: "config-table", Caption: "Configuration, every key", Align: "wwn"}
	for _, s := range r.Study.Config.Settings() {
		tab.Rows = append(tab.Rows, row(s.Key, s.Value))
	}
	return tab
}
