package harness

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

// A Manifest says what made a run: code, data, machine and study.
type Manifest struct {
	Schema   int    `json:"schema"`
	Run      string `json:"run"` // identity: hash of configuration, seed, arm and numerics
	Seed     uint64 `json:"seed"`
	Arm      string `json:"arm"`
	Numerics int    `json:"numerics"`

	Precision  string `json:"precision"`  // train.precision
	Arithmetic string `json:"arithmetic"` // simd.Arithmetic of it: where this is equal, a repetition has the same bits; "f32" is equal everywhere

	Study      string `json:"study,omitempty"` // hash of the lock; empty in calibration
	Workload   string `json:"workload"`
	DataName   string `json:"data"`
	DataSHA256 string `json:"data_sha256"`

	DataMean []float32 `json:"data_mean"` // per channel, of pixels in 0..1: what inputs are standardised by
	DataStd  []float32 `json:"data_std"`

	PairHash string `json:"pair_hash"` // streams and initial weights at step 0: equal in both arms
	Params   int    `json:"params"`
	FLOPs    int64  `json:"flops_per_step"`

	Module   string `json:"module"`
	Revision string `json:"vcs_revision"`
	Modified bool   `json:"vcs_modified"`

	RevisionTime string            `json:"vcs_time,omitempty"`  // of the commit, RFC 3339
	Modules      string            `json:"dependencies_sha256"` // of path, version and sum of each
	Go           string            `json:"go"`
	Settings     map[string]string `json:"build_settings"`
	Machine      machine           `json:"machine"`
	ISA          string            `json:"isa"`
	Threads      int               `json:"threads"`
	MaxProcs     int               `json:"gomaxprocs"`
	Arguments    []string          `json:"argv"`
	Variables    map[string]string `json:"environment"`
	Started      string            `json:"started"` // RFC 3339

	Workers []Worker `json:"workers"` // every process that worked on the run, the first among them
}

// Code names the version of the program: its commit, or its module where it was built without version control.
func (m *Manifest) Code() string {
	switch {
	case m.Revision == "":
		return m.Module
	case m.Modified:
		return fmt.Sprintf("commit %.12s, modified", m.Revision)
	}
	return fmt.Sprintf("commit %.12s", m.Revision)
}

// environment names the variables that may be recorded.
var environment = []string{"MTOBENCH_ISA", "GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG", "SLURM_JOB_ID", "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "NOMAD_ALLOC_INDEX"}

// describe fills in what doesn't depend on the run.
func (m *Manifest) describe() {
	m.Schema, m.Numerics = Schema, Numerics
	m.Go, m.MaxProcs = runtime.Version(), runtime.GOMAXPROCS(0)
	m.Machine, m.Arguments = thisMachine(), os.Args
	m.Variables = map[string]string{}
	for _, name := range environment {
		if value, ok := os.LookupEnv(name); ok {
			m.Variables[name] = value
		}
	}
	m.Settings = map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	m.Module = info.Main.Path + "@" + info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			m.Revision = s.Value
		case "vcs.time":
			m.RevisionTime = s.Value
		case "vcs.modified":
			m.Modified = s.Value == "true"
		case "GOAMD64", "GOARM64", "CGO_ENABLED", "-tags":
			m.Settings[s.Key] = s.Value
		}
	}
	h := sha256.New()
	for _, d := range info.Deps {
		fmt.Fprintf(h, "%s %s %s\n", d.Path, d.Version, d.Sum)
	}
	m.Modules = hex.EncodeToString(h.Sum(nil))
}

// RunID is the identity of a run: workload, seed and arm. Equal identities mean equal bits.
func RunID(workload string, seed uint64, arm string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s seed=%d mto=%s", workload, seed, arm))
	return hex.EncodeToString(sum[:16])
}
