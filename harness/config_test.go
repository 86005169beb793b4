package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryKeyIsDocumentedInOrder(t *testing.T) {
	var documented []string
	for _, s := range documentedKeys() {
		documented = append(documented, s.Key)
		require.NotEmpty(t, s.Value, s.Key)
	}
	require.Equal(t, KeyNames(), documented)
	require.Equal(t, "images a step (128)", KeyMeaning("train.batch"))
}

// The documentation states defaults in parentheses at the end; those that are plain values must be true.
func TestDocumentedDefaultsAreTheDefaults(t *testing.T) {
	c := Defaults(Names{})
	for _, s := range c.Settings() {
		m := regexp.MustCompile(`\(([a-z0-9.e-]+)\)$`).FindStringSubmatch(KeyMeaning(s.Key))
		if m == nil {
			continue
		}
		before := formatted(t, c, s.Key)
		d := Defaults(Names{})
		require.NoError(t, d.Set(s.Key, m[1]))
		require.Equal(t, before, formatted(t, d, s.Key), s.Key)
	}
}

func formatted(t *testing.T, c Config, key string) string {
	t.Helper()
	for _, s := range c.Settings() {
		if s.Key == key {
			return s.Value
		}
	}
	t.Fatalf("no key %s", key)
	return ""
}

func TestMistakesNameTheNearestKeyOrValue(t *testing.T) {
	check := func(want, text string, overrides ...string) {
		t.Helper()
		_, err := Load("study.toml", []byte(text), overrides)
		require.ErrorIs(t, err, ErrConfig)
		require.ErrorContains(t, err, want)
		require.Equal(t, ExitConfig, ExitStatus(err))
	}
	check("train.epoch: no such key; did you mean train.epochs?", "[train]\nepoch = 3")
	check("seeds: no such key; did you mean study.seeds?", "seeds = 3")
	check("did you mean train.base_lr?", "", "train.baselr=3")
	check("did you mean vit_micro?", "[model]\nname = \"vit_mirco\"")
	check("did you mean simmim?", "", "method.name=simmin")
	check("did you mean gated?", "", "mto.preset=gate")
	check("study.toml:2:", "[train]\nepochs = = 3")
	check("train.epochs: \"ten\": not a number", "", "train.epochs=ten")
	check("study.seeds: \"2.5\": not a whole number", "", "study.seeds=2.5")
	check("-s train.epochs: want key=value", "", "train.epochs")
	check("train.base_lr: NaN: want a finite number", "", "train.base_lr=NaN")
	check("train.epochs: -1: want a finite number", "", "train.epochs=-1")
	check("must be disjoint", "", "study.first_calibration_seed=5")
	check("at least 6 baseline runs", "", "study.calibration_seeds=5")
	check("study.target: 0.5 isn't among study.targets", "", "study.target=0.5")
	check("model.heads: width 48 doesn't split into 5 heads", "", "model.heads=5")
	check("probe.layer: 3: the encoder has 2 blocks", "", "probe.layer=3")
	check("did you mean bf16?", "", "train.precision=fp16")
	check("study.name", "", "study.name=../escape")
}

func TestDefaultsFollowTheNames(t *testing.T) {
	c, err := Load("x", []byte("[model]\nname = \"vit_small\"\n[method]\nname = \"mae\"\n[mto]\npreset = \"hard\"\nmu = 0.25"), []string{"model.depth=3"})
	require.NoError(t, err)
	require.Equal(t, [3]int{384, 3, 6}, [3]int{c.Model.Width, c.Model.Depth, c.Model.Heads})
	require.Equal(t, 0.75, c.Method.MaskRatio)
	require.Equal(t, 192, c.Method.DecoderWidth)
	require.Equal(t, "hard", c.MTO.Gate)
	require.Zero(t, c.MTO.LambdaSpa)
	require.Equal(t, 0.25, c.MTO.Mu)
}

func TestConfigurationSurvivesItsOwnText(t *testing.T) {
	c, err := Quick([]string{"train.base_lr=0.1", "study.targets=0.5,0.95", "mto.lambda_e=0", "data.path=/a b/ü"})
	require.NoError(t, err)
	again, err := Load("resolved", c.TOML(), nil)
	require.NoError(t, err)
	require.Equal(t, c, again)
}

func TestHashesSeeWhatChangesResultsAndNothingElse(t *testing.T) {
	base, err := Quick(nil)
	require.NoError(t, err)
	for _, k := range base.keys() {
		c, err := Quick(nil)
		require.NoError(t, err)
		text := "x"
		switch k.value.Kind().String() {
		case "bool":
			text = fmt.Sprint(!k.value.Bool())
		case "int", "float64":
			text = "77"
		case "slice":
			text = "0.5"
		}
		require.NoError(t, c.Set(k.name, text))
		unhashed := strings.Contains(" study.name study.repeat study.noise study.threads data.path model.init ", " "+k.name+" ")
		require.Equal(t, unhashed, base.PlanHash("d") == c.PlanHash("d"), k.name)
		plan := unhashed || strings.HasPrefix(k.name, "study.") && k.name != "study.grid" || strings.HasPrefix(k.name, "final.") || strings.HasPrefix(k.name, "complete.")
		require.Equal(t, plan, base.WorkloadHash("d") == c.WorkloadHash("d"), k.name)
	}
	require.NotEqual(t, base.WorkloadHash("d"), base.WorkloadHash("e"))
}

func TestStepsAndGridCoverTheBudget(t *testing.T) {
	c := Defaults(Names{})
	c.Data.TrainImages, c.Train.Batch, c.Train.Epochs, c.Study.Grid = 1000, 128, 10, 40
	require.Equal(t, 78, c.Steps()) // 10 * 1000 / 128 = 78.1
	require.Equal(t, 0, c.GridStep(0))
	require.Equal(t, c.Steps(), c.GridStep(c.Study.Grid))
	for k := 1; k <= c.Study.Grid; k++ {
		require.Greater(t, c.GridStep(k), c.GridStep(k-1))
	}
	require.InDelta(t, 9.984, c.EpochsAt(78), 1e-12)
}

func TestNewerSchemaIsRefusedByName(t *testing.T) {
	err := checkSchema("runs/x/manifest.json", Schema+1)
	require.ErrorContains(t, err, "runs/x/manifest.json: schema 2")
	require.ErrorContains(t, checkSchema("f", 0), "no schema number")
	require.Equal(t, ExitConfig, ExitStatus(err))
}

// TestInitialWeightsAreKnownByTheirContent: the lock holds the hash of model.init, not its path.
func TestInitialWeightsAreKnownByTheirContent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w.safetensors")
	require.NoError(t, os.WriteFile(file, []byte("abc"), 0o644))
	c := Config{Model: ModelConfig{Init: file}}
	require.NoError(t, c.resolveInit())
	require.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", c.Model.InitSHA256) // FIPS 180-2, "abc"

	require.NoError(t, os.WriteFile(file, []byte("abd"), 0o644))
	require.ErrorContains(t, c.resolveInit(), "the study starts from ba7816bf")
	c.Model.Init = ""
	require.ErrorContains(t, c.resolveInit(), "name it with --init")
	c.Model = ModelConfig{Init: file + "x"}
	require.ErrorContains(t, c.resolveInit(), "w.safetensorsx")
}
