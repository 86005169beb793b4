package harness

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/nn"
)

// A Search chooses settings for both arms of a study (methodology F4): as many trials for each arm, of one search space,
// with the same seeds.
type Search struct {
	Keys   []SearchKey
	Trials int    // of each arm; 0: every setting of the shared keys
	Seeds  int    // a trial is trained with so many seeds of its own, those after the calibration's
	Draw   uint64 // chooses the trials where there are more settings than trials

	// Load reads the study with further overrides.
	Load func(overrides []string) (Config, error)
}

// A SearchKey is a configuration key with the values to try.
type SearchKey struct {
	Key    string
	Values []string // in the text form of Settings
}

// own reports whether a key is MTO's own; both arms share all others.
func (k SearchKey) own() bool { return strings.HasPrefix(k.Key, "mto.") }

// searchSections hold what may be searched; the other sections say what is studied and how it is judged.
var searchSections = []string{"train", "method", "mto"}

// unsearched are keys of those sections that are no settings of an arm.
var unsearched = map[string]string{
	"train.epochs":    "is the budget: more is always better",
	"train.precision": "is no setting but the arithmetic",
	"method.name":     "is what is studied",
}

// ParseSearch reads keys with their values, "train.base_lr=1e-3,2e-3".
func ParseSearch(words []string) ([]SearchKey, error) {
	var keys []SearchKey
	for _, word := range words {
		k, err := parseSearchKey(word)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrConfig, err)
		}
		if slices.ContainsFunc(keys, func(o SearchKey) bool { return o.Key == k.Key }) {
			return nil, fmt.Errorf("%w: %s: given twice; list all its values once", ErrConfig, k.Key)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: nothing to search: name keys with their values, like train.base_lr=1e-3,2e-3", ErrConfig)
	}
	return keys, nil
}

func parseSearchKey(word string) (SearchKey, error) {
	name, list, ok := strings.Cut(word, "=")
	if !ok || list == "" {
		return SearchKey{}, fmt.Errorf("%s: want a key with the values to try, like train.base_lr=1e-3,2e-3", word)
	}
	var scratch Config
	all := scratch.keys()
	at := slices.IndexFunc(all, func(k key) bool { return k.name == name })
	if at < 0 {
		return SearchKey{}, unknownKey(name)
	}
	section, _, _ := strings.Cut(name, ".")
	switch why := unsearched[name]; {
	case why != "":
		return SearchKey{}, fmt.Errorf("%s: %s; search other keys of %s", name, why, strings.Join(searchSections, ".*, ")+".*")
	case !slices.Contains(searchSections, section):
		return SearchKey{}, fmt.Errorf("%s: says what is studied or how it is judged; what can be searched is %s", name, strings.Join(searchSections, ".*, ")+".*")
	}
	found := SearchKey{Key: name}
	for _, text := range strings.Split(list, ",") {
		if err := setValue(all[at], strings.TrimSpace(text)); err != nil {
			return SearchKey{}, err
		}
		value := formatValue(all[at].value)
		if slices.Contains(found.Values, value) {
			return SearchKey{}, fmt.Errorf("%s: %s is listed twice", name, value)
		}
		found.Values = append(found.Values, value)
	}
	return found, nil
}

// A Trial is one setting of all searched keys: the baseline is trained with the shared ones, the arm with MTO with all.
type Trial struct {
	Shared, Own Settings
	Config      Config // resolved
	Root        string // folder of its runs

	Off, On TrialOutcome
}

// settings lists all searched keys, those that both arms share first.
func (t *Trial) settings() Settings { return slices.Concat(t.Shared, t.Own) }

// maxSettings bounds the search space.
const maxSettings = 100_000

// trials draws the trials: shared settings without repetition, so that each trial is one of the baseline too, and MTO's own in
// turn, each as often as the others. More trials begin with those of fewer.
func (s Search) trials() ([]Trial, error) {
	var shared, own []SearchKey
	for _, k := range s.Keys {
		if k.own() {
			own = append(own, k)
		} else {
			shared = append(shared, k)
		}
	}
	nShared, nOwn := settingsOf(shared), settingsOf(own)
	count := s.Trials
	if count == 0 {
		count = nShared
	}
	switch {
	case len(shared) == 0:
		return nil, fmt.Errorf("%w: only keys of mto.* are given: the baseline would go untuned while MTO is tuned; add a key that both arms share, like train.base_lr=1e-3,2e-3", ErrConfig)
	case nShared > maxSettings || nOwn > maxSettings:
		return nil, fmt.Errorf("%w: the values make more than %d settings; name fewer", ErrConfig, maxSettings)
	case count < 1:
		return nil, fmt.Errorf("%w: --trials %d: want 1 or more", ErrConfig, count)
	case count > nShared:
		return nil, fmt.Errorf("%w: --trials %d: the keys that both arms share have %d settings, so the baseline has no more trials, and MTO may not have more than the baseline; give these keys more values, or --trials %[3]d", ErrConfig, count, nShared)
	}
	drawn := nn.Permutation(nn.NewStream(s.Draw, "tune/shared"), 0, nShared)
	trials := make([]Trial, count)
	for i := range trials {
		turn := nn.Permutation(nn.NewStream(s.Draw, "tune/mto"), uint32(i/nOwn), nOwn)
		trials[i] = Trial{Shared: setting(shared, int(drawn[i])), Own: setting(own, int(turn[i%nOwn]))}
	}
	return trials, nil
}

// settingsOf is the number of settings of keys, or one more than maxSettings where there are more.
func settingsOf(keys []SearchKey) int {
	n := 1
	for _, k := range keys {
		n = min(n*len(k.Values), maxSettings+1)
	}
	return n
}

// setting is number n of the settings of keys; the last key's value changes fastest.
func setting(keys []SearchKey, n int) Settings {
	list := make(Settings, len(keys))
	for i := len(keys) - 1; i >= 0; i-- {
		k := keys[i]
		list[i], n = Setting{k.Key, k.Values[n%len(k.Values)]}, n/len(k.Values)
	}
	return list
}

// overrides are the settings as overrides of Load.
func (s Settings) overrides() []string {
	var list []string
	for _, one := range s {
		list = append(list, one.Key+"="+one.Value)
	}
	return list
}

func (s Settings) String() string { return strings.Join(s.overrides(), " ") }

// PlanTuning lists the trials of a search, each with its resolved configuration and the folder of its runs. It trains nothing.
func (s *Study) PlanTuning(search Search) (*TuningReport, error) {
	trials, err := search.trials()
	if err != nil {
		return nil, err
	}
	seeds, err := s.Config.tuningSeeds(search.Seeds)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	set, _, err := openData(&s.Config)
	if err != nil {
		return nil, err
	}
	r := &TuningReport{Study: s, Search: search, Seeds: seeds, Trials: trials}
	for i := range r.Trials {
		if err := s.resolveTrial(search, set, &r.Trials[i]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// tuningSeeds are the n seeds after the calibration's. What is chosen by the luck of a seed mustn't be judged by it: settings
// chosen with the calibration's would lift the target, with the pairs' the baseline.
func (c *Config) tuningSeeds(n int) ([]int, error) {
	s := &c.Study
	first := s.FirstCalibrationSeed + s.CalibrationSeeds
	switch {
	case n < 1:
		return nil, fmt.Errorf("--trial-seeds %d: want 1 or more", n)
	case first < s.FirstSeed+s.Seeds && s.FirstSeed < first+n:
		return nil, fmt.Errorf("--trial-seeds %d: the trials' seeds %d..%d, those after the calibration's, overlap the evaluation seeds %d..%d: they must be disjoint; set another study.first_calibration_seed",
			n, first, first+n-1, s.FirstSeed, s.FirstSeed+s.Seeds-1)
	}
	seeds := make([]int, n)
	for i := range seeds {
		seeds[i] = first + i
	}
	return seeds, nil
}

// resolveTrial sets a trial's configuration and folder.
func (s *Study) resolveTrial(search Search, set *benchdata.Set, t *Trial) (err error) {
	if t.Config, err = search.Load(t.settings().overrides()); err != nil {
		return err
	}
	if err := t.Config.Resolve(set); err != nil {
		return fmt.Errorf("%w: trial of %v: %w", ErrConfig, t.settings(), err)
	}
	// By what can change a bit of a run: another choice of trials finds the runs that both have in common.
	folder := fmt.Sprintf("%s-%.8s", t.Config.Method.Name, t.Config.WorkloadHash(set.SHA256))
	t.Root = filepath.Join(filepath.Dir(s.Root), tuningDir, folder)
	return nil
}

// tuningDir holds the runs of all trials, beside the study's workloads.
const tuningDir = "tuning"
