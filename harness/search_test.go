package harness

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func search(t *testing.T, k int, words ...string) Search {
	t.Helper()
	keys, err := ParseSearch(words)
	require.NoError(t, err)
	return Search{Keys: keys, Trials: k, Seeds: 2, Draw: 1}
}

// F4: as many trials of each arm, none of the baseline's twice, MTO's own values inside them and each as often as the others.
func TestTrialsAreOfOneSpaceAndNoneOfTheBaselinesIsRepeated(t *testing.T) {
	space := []string{"train.base_lr=1e-3,2e-3,4e-3", "train.weight_decay=0,0.05", "mto.lambda_e=0.1,0.2,0.4"}
	whole, err := search(t, 0, space...).trials()
	require.NoError(t, err)
	require.Len(t, whole, 6, "all settings of the shared keys")
	shared, own := map[string]int{}, map[string]int{}
	for _, trial := range whole {
		shared[trial.Shared.String()]++
		own[trial.Own.String()]++
	}
	require.Len(t, shared, 6)
	require.Contains(t, shared, "train.base_lr=0.004 train.weight_decay=0.05")
	require.Equal(t, map[string]int{"mto.lambda_e=0.1": 2, "mto.lambda_e=0.2": 2, "mto.lambda_e=0.4": 2}, own)

	few, err := search(t, 4, space...).trials()
	require.NoError(t, err)
	require.Equal(t, whole[:4], few, "more trials begin with those of fewer")
	again, err := search(t, 4, space...).trials()
	require.NoError(t, err)
	require.Equal(t, few, again)
	other := search(t, 0, space...)
	other.Draw = 2
	drawn, err := other.trials()
	require.NoError(t, err)
	require.NotEqual(t, whole, drawn)
}

func TestSearchesThatCannotBeFairOrMeantAreRefused(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"train.base_lr", "want a key with the values to try"},
		{"train.base_lr=", "want a key with the values to try"},
		{"train.base_lr=1e-3,fast", `train.base_lr: "fast": not a number`},
		{"train.base_lr=1e-3,0.001", "0.001 is listed twice"},
		{"train.lr=1e-3", "did you mean train."},
		{"train.epochs=10,20", "is the budget"},
		{"study.seeds=6,10", "what is studied or how it is judged"},
		{"probe.bank=100", "what is studied or how it is judged"},
	} {
		_, err := ParseSearch([]string{c.word})
		require.ErrorIs(t, err, ErrConfig, c.word)
		require.ErrorContains(t, err, c.want)
	}
	_, err := ParseSearch(nil)
	require.ErrorContains(t, err, "nothing to search")
	_, err = ParseSearch([]string{"train.clip=1", "train.clip=2"})
	require.ErrorContains(t, err, "given twice")

	for _, c := range []struct {
		search Search
		want   string
	}{
		{search(t, 0, "mto.lambda_e=0.1,0.2"), "the baseline would go untuned"},
		{search(t, 5, "train.base_lr=1e-3,2e-3", "mto.lambda_e=0.1,0.2,0.4"), "--trials 2"},
		{search(t, -1, "train.base_lr=1e-3,2e-3"), "want 1 or more"},
	} {
		_, err := c.search.trials()
		require.ErrorIs(t, err, ErrConfig)
		require.ErrorContains(t, err, c.want)
	}
}

// F2: the target is fixed by seeds that nothing was chosen by.
func TestTuningHasSeedsOfItsOwn(t *testing.T) {
	c := fakeConfig(t, "study.seeds=10", "study.first_seed=1", "study.calibration_seeds=8", "study.first_calibration_seed=501")
	seeds, err := c.tuningSeeds(3)
	require.NoError(t, err)
	require.Equal(t, []int{509, 510, 511}, seeds, "after those of the calibration, 501 to 508")

	_, err = c.tuningSeeds(0)
	require.ErrorContains(t, err, "want 1 or more")
	c.Study.FirstSeed = 512
	_, err = c.tuningSeeds(3)
	require.NoError(t, err)
	for _, first := range []int{500, 509, 511} {
		c.Study.FirstSeed = first
		_, err = c.tuningSeeds(3)
		require.ErrorContains(t, err, "509..511, those after the calibration's, overlap the evaluation seeds")
	}
}
