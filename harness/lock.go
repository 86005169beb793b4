package harness

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/mtobench/mtobench/benchdata"
)

// LockName is the file that fixes a study before its first pair runs.
const LockName = "study.lock.json"

// ErrLock marks a lock that doesn't belong to the study, the data or this build.
var ErrLock = errors.New("lock")

// A Lock fixes everything that judges a study before any evaluation run: configuration, data, grid,
// budget, target, seeds and test. It holds no time and no machine, so the same calibration gives the
// same bytes anywhere.
type Lock struct {
	Schema   int               `json:"schema"`
	Numerics int               `json:"numerics"`
	Config   map[string]string `json:"config"` // every hashed key, probe.layer chosen
	Data     LockedData        `json:"data"`
	Budget   LockedBudget      `json:"budget"`
	Grid     []int             `json:"grid_steps"` // optimizer steps after which a run is evaluated

	Calibration Calibration `json:"calibration"`
	Primary     float64     `json:"primary_target"` // c of the verdict
	Targets     []Target    `json:"targets"`
	Seeds       []int       `json:"seeds"` // of the pairs
	Rule        string      `json:"rule"`

	Name string `json:"study,omitempty"` // study.name of who made it: names a folder, changes no result, isn't hashed
	Hash string `json:"hash"`            // SHA-256 of the lock without this line and the name
}

// LockedData identifies the images.
type LockedData struct {
	Name       string `json:"name"`
	SHA256     string `json:"sha256"`
	Train      int    `json:"train_images"` // |D_pre|
	Validation int    `json:"validation_images"`
}

// LockedBudget is T in every unit that doesn't depend on the machine.
type LockedBudget struct {
	Epochs        float64 `json:"epochs"` // images / |D_pre|
	Steps         int     `json:"steps"`
	Images        int64   `json:"images"`
	WarmupImages  float64 `json:"warmup_images"`
	AverageImages float64 `json:"average_horizon_images"`
}

// Calibration is what the baseline runs of the calibration seeds gave.
type Calibration struct {
	Seeds  []int        `json:"seeds"`
	Chains []string     `json:"chains"` // hash chain of each run: another machine can check the bits
	Layers []LayerProbe `json:"layers"`
	Layer  int          `json:"layer"`
}

// judgingRule names the version of b.3 to b.5 that reads a study.
const judgingRule = "isotonic fit, linear interpolation; t-interval of log ratios (BCa beside), exact signed-rank; " +
	"with censoring: RMST ratio with the t-interval of the pair bootstrap's standard error (percentiles beside), log-rank under label swaps; " +
	"verdict at c=0.95 on 0.60 and 1"

// newLock fixes the target of a resolved configuration from its calibration runs.
func newLock(c Config, data LockedData, runs []CalibrationRun) (*Lock, error) {
	if len(runs) < minCalibrationSeeds {
		return nil, fmt.Errorf("%w: %d calibration runs; at least %d are needed", ErrLock, len(runs), minCalibrationSeeds)
	}
	epochs := make([]float64, c.Study.Grid+1)
	l := &Lock{
		Schema: Schema, Numerics: Numerics,
		Data: data,
		Budget: LockedBudget{
			Epochs: c.EpochsAt(c.Steps()), Steps: c.Steps(), Images: int64(c.Steps()) * int64(c.Train.Batch),
			WarmupImages: c.Fraction(c.Train.Warmup), AverageImages: c.Fraction(c.Train.AverageHorizon),
		},
		Primary: c.Study.Target, Rule: judgingRule, Name: c.Study.Name,
	}
	for k := range epochs {
		l.Grid = append(l.Grid, c.GridStep(k))
		epochs[k] = c.EpochsAt(l.Grid[k])
	}
	l.Seeds = c.seeds()
	quality := map[int][][]float64{}
	for _, r := range runs {
		l.Calibration.Seeds = append(l.Calibration.Seeds, r.Seed)
		l.Calibration.Chains = append(l.Calibration.Chains, r.Chain)
		for layer, q := range r.Quality {
			quality[layer] = append(quality[layer], q)
		}
	}
	for layer := 1; layer <= c.Model.Depth; layer++ {
		if q := quality[layer]; len(q) == len(runs) {
			l.Calibration.Layers = append(l.Calibration.Layers, probeLayer(layer, epochs, q))
		}
	}
	if len(l.Calibration.Layers) == 0 {
		return nil, fmt.Errorf("%w: the calibration runs have no layer in common", ErrLock)
	}
	chosen := chooseLayer(l.Calibration.Layers)
	l.Calibration.Layer, c.Probe.Layer = chosen.Layer, chosen.Layer
	for _, fraction := range c.Study.Targets {
		l.Targets = append(l.Targets, newTarget(fraction, chosen, epochs, quality[chosen.Layer]))
	}
	l.Config = map[string]string{}
	for _, s := range c.settings(true) {
		l.Config[s.Key] = s.Value
	}
	l.Hash = l.hash()
	return l, nil
}

// CalibrationRun is the outcome of one baseline run with a calibration seed.
type CalibrationRun struct {
	Seed    int
	Chain   string
	Quality map[int][]float64 // by layer: raw top-1 on the grid, percent
}

// hash is the SHA-256 of the lock with an empty Hash and Name.
func (l *Lock) hash() string {
	bare := *l
	bare.Hash, bare.Name = "", ""
	data, err := json.Marshal(bare)
	if err != nil {
		panic("harness: encoding a lock: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Study is the short form of the hash that stands in result files.
func (l *Lock) Study() string { return l.Hash[:16] }

// Bytes is the lock as it lies in a file.
func (l *Lock) Bytes() []byte {
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		panic("harness: encoding a lock: " + err.Error())
	}
	return append(data, '\n')
}

// ErrRule marks a lock that fixes another judging rule than this program's.
var ErrRule = errors.New("another judging rule")

// ReadLock reads a lock and verifies its hash, its rule and its numerics.
func ReadLock(path string) (*Lock, error) { return readLock(path, parseLock) }

func readLock(path string, parse func(path string, data []byte) (*Lock, error)) (*Lock, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, of(ErrLock, err)
	}
	return parse(path, data)
}

func parseLock(path string, data []byte) (*Lock, error) {
	l, err := parsePastLock(path, data)
	if err == nil && l.Numerics != Numerics {
		return nil, fmt.Errorf("%w: %s: made with numerics %d, this build has %d: their bits don't compare; calibrate again", ErrLock, path, l.Numerics, Numerics)
	}
	return l, err
}

// parsePastLock is parseLock of a lock of any numerics.
func parsePastLock(path string, data []byte) (*Lock, error) {
	l := new(Lock)
	err := decodeJSON(path, bytes.TrimSpace(data), l)
	if err == nil && l.Hash == "" {
		err = fmt.Errorf("%s: %w: no hash of a lock in it", path, errDamaged)
	}
	switch {
	case errors.Is(err, errDamaged):
		return nil, fmt.Errorf("%w: %w; a lock is the %s of a study, as mtobench lock makes it: if this one was, restore it, or remove it and mtobench lock makes it again from its calibration; if not, name one", ErrLock, err, LockName)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrLock, err)
	}
	if have := l.hash(); have != l.Hash {
		return nil, fmt.Errorf("%w: %s: its content hashes to %.16s, it says %.16s: edited after it was made; remove it, and mtobench lock makes it again from its calibration", ErrLock, path, have, l.Hash)
	}
	if l.Rule != judgingRule {
		return nil, fmt.Errorf("%w: %w: %s: fixes the judging rule %q, this build judges by %q; judge it with the program that made it, or choose another --out", ErrLock, ErrRule, path, l.Rule, judgingRule)
	}
	return l, nil
}

// Overrides gives the locked configuration as overrides of Load, so that a lock alone fixes a study.
func (l *Lock) Overrides() []string {
	var list []string
	if l.Name != "" {
		list = append(list, "study.name="+l.Name)
	}
	for _, key := range slices.Sorted(maps.Keys(l.Config)) {
		list = append(list, key+"="+l.Config[key])
	}
	return list
}

// Fits refuses data or a configuration other than the lock's; the error names the first difference.
func (l *Lock) Fits(c Config, set *benchdata.Set) error {
	if l.Data.SHA256 != set.SHA256 {
		return fmt.Errorf("%w: it was made on %s with SHA-256 %.16s, this data has %.16s: not the same images", ErrLock, l.Data.Name, l.Data.SHA256, set.SHA256)
	}
	return l.fits(c)
}

// fits is Fits without the data. A key that is younger than the lock stands at its default there.
func (l *Lock) fits(c Config) error {
	if c.Probe.Layer == 0 {
		c.Probe.Layer = l.Calibration.Layer
	}
	defaults := Defaults(Names{Data: c.Data.Name, Model: c.Model.Name, Method: c.Method.Name, MTO: c.MTO.Preset})
	young := map[string]string{}
	for _, s := range defaults.settings(true) {
		young[s.Key] = s.Value
	}
	for _, s := range c.settings(true) {
		locked, ok := l.Config[s.Key]
		if !ok {
			locked = young[s.Key]
		}
		if locked != s.Value {
			return fmt.Errorf("%w: %s is %s in the lock and %s here: leave it as locked, or calibrate a lock of your own", ErrLock, s.Key, locked, s.Value)
		}
	}
	return nil
}

// primary is the target that the verdict is about.
func (l *Lock) primary() Target {
	for _, t := range l.Targets {
		if t.C == l.Primary {
			return t
		}
	}
	panic(fmt.Sprintf("harness: lock without its primary target %v", l.Primary))
}
