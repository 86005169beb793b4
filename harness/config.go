package harness

// Config is one study: what is trained, on what, and how it is judged. Every key is described in
// the package documentation. A zero where a key says "0: ..." is filled in by Resolve, so that the
// configuration of a run holds numbers only.
type Config struct {
	Study  StudyConfig  `toml:"study"`
	Data   DataConfig   `toml:"data"`
	Model  ModelConfig  `toml:"model"`
	Method MethodConfig `toml:"method"`
	MTO    MTOConfig    `toml:"mto"`
	Train  TrainConfig  `toml:"train"`
	Probe  ProbeConfig  `toml:"probe"`
	Final  FinalConfig  `toml:"final"`

	Complete CompleteConfig `toml:"complete"`
}

// StudyConfig says which runs there are and how they are judged (methodology b.4 and b.5).
type StudyConfig struct {
	Name                 string    `toml:"name" hash:"-"`          // names the folder of the results
	Seeds                int       `toml:"seeds"`                  // number of pairs, fixed beforehand; >= 6
	FirstSeed            int       `toml:"first_seed"`             // seeds are first_seed, first_seed+1, ...
	CalibrationSeeds     int       `toml:"calibration_seeds"`      // number of baseline runs that fix the target; >= 6
	FirstCalibrationSeed int       `toml:"first_calibration_seed"` // used for nothing else
	Grid                 int       `toml:"grid"`                   // evaluations after epoch 0; the grid step is epochs/grid
	Target               float64   `toml:"target"`                 // primary c of b.4
	Targets              []float64 `toml:"targets"`                // all c that are reported
	TuningTrials         int       `toml:"tuning_trials"`          // trials that each arm's settings were chosen from; 0: neither was tuned
	Repeat               bool      `toml:"repeat" hash:"-"`        // run the first seed's baseline twice (A/A of seconds)
	Noise                float64   `toml:"noise" hash:"-"`         // the host's stated noise of seconds, as a fraction
	Threads              int       `toml:"threads" hash:"-"`       // 0: all processors; changes no result
}

// DataConfig names the images.
type DataConfig struct {
	Name        string `toml:"name"`          // data set known to benchdata, or a name for Path
	Path        string `toml:"path" hash:"-"` // folder, zip or tar of one's own images; empty: by name
	Side        int    `toml:"side"`          // S in pixels; 0: the set's own
	TrainImages int    `toml:"train_images"`  // |D_pre|, the first so many of the split; 0: all
}

// ModelConfig is the encoder. Width, Depth and Heads come from the preset unless they are set.
type ModelConfig struct {
	Name       string  `toml:"name"`  // preset: vit_nano ... vit_base
	Patch      int     `toml:"patch"` // p in pixels; 0: by the image's side
	Width      int     `toml:"width"` // D
	Depth      int     `toml:"depth"` // L
	Heads      int     `toml:"heads"` // h
	MLPRatio   int     `toml:"mlp_ratio"`
	NormEps    float64 `toml:"norm_eps"`
	GELU       string  `toml:"gelu"` // "tanh" or "erf"
	ClassToken bool    `toml:"class_token"`
	Init       string  `toml:"init" hash:"-"` // safetensors file with the initial weights of the encoder; empty: drawn from the seed
	InitSHA256 string  `toml:"init_sha256"`   // of that file; filled in by Resolve
}

// MethodConfig is the pre-training method and its mask.
type MethodConfig struct {
	Name         string  `toml:"name"`          // "simmim", "mae"
	MaskRatio    float64 `toml:"mask_ratio"`    // r
	MaskUnit     int     `toml:"mask_unit"`     // SimMIM: side of a mask unit in pixels; 0: two patches where the grid permits
	NormPix      bool    `toml:"norm_pix"`      // MAE: per-patch normalised target
	NormPixEps   float64 `toml:"norm_pix_eps"`  // 0: 1e-6, or 1e-2 where the data set is near-binary
	DecoderWidth int     `toml:"decoder_width"` // MAE; from the model's preset
	DecoderDepth int     `toml:"decoder_depth"`
	DecoderHeads int     `toml:"decoder_heads"`
}

// MTOConfig holds the coefficients of methods.md 11.3 and 11.4. They act in the arm "on" only;
// RunConfig.MTOActive says so. Defaults are those of the preset.
type MTOConfig struct {
	Preset    string  `toml:"preset"`     // "on", "literal", "gated", "hard"
	Gate      string  `toml:"gate"`       // "none", "adaptive", "hard"
	LambdaSpa float64 `toml:"lambda_spa"` // weight of L_spa
	LambdaE   float64 `toml:"lambda_e"`   // weight of L_e
	LambdaR   float64 `toml:"lambda_r"`   // weight of L_r
	WMass     float64 `toml:"w_mass"`     // w_m: masked mass in L_spa
	WEntropy  float64 `toml:"w_entropy"`  // w_E: row entropy in L_spa
	BS        float64 `toml:"b_s"`        // distance hinge in L_e
	Tau       float64 `toml:"tau"`
	Kappa     float64 `toml:"kappa"`
	Mu        float64 `toml:"mu"`      // total margin of L_r
	EMin      float64 `toml:"e_min"`   // entropy floor of L_spa
	Centred   bool    `toml:"centred"` // visible logits enter U by their mean, not at all otherwise
	Eps       float64 `toml:"eps"`
	Ramp      float64 `toml:"ramp"` // s(t) rises over this fraction of the budget
}

// TrainConfig is shared by both arms, always.
type TrainConfig struct {
	Batch          int     `toml:"batch"`
	Epochs         float64 `toml:"epochs"`   // T, the budget
	BaseLR         float64 `toml:"base_lr"`  // per 256 images: lr = base_lr * batch / 256
	Schedule       string  `toml:"schedule"` // "constant", "cosine", "trapezoid"
	Warmup         float64 `toml:"warmup"`   // fraction of the budget
	Cooldown       float64 `toml:"cooldown"` // trapezoid: fraction of the budget
	Beta1          float64 `toml:"beta1"`
	Beta2          float64 `toml:"beta2"`
	Eps            float64 `toml:"eps"`
	WeightDecay    float64 `toml:"weight_decay"`
	Clip           float64 `toml:"clip"`            // gradient norm; 0: off
	AverageHorizon float64 `toml:"average_horizon"` // fraction of the budget
	CropMin        float64 `toml:"crop_min"`        // area of the random resized crop
	CropMax        float64 `toml:"crop_max"`
	CropRatio      float64 `toml:"crop_ratio"` // aspect ratio in [1/crop_ratio, crop_ratio]
	Flip           string  `toml:"flip"`       // "auto": where the data set says labels survive it; "on"; "off"
	Precision      string  `toml:"precision"`  // of the operands of linear layers, in training and probes: "f32" or "bf16"
}

// ProbeConfig fixes how quality is measured (methodology 2.3).
type ProbeConfig struct {
	Layer      int     `toml:"layer"`      // features after this block, 1..depth; 0: chosen in calibration
	Bank       int     `toml:"bank"`       // training images with labels for the probe; 0: all
	Validation int     `toml:"validation"` // validation images; 0: all
	Lambda     float64 `toml:"lambda"`     // ridge: lambda * n on the diagonal
	KNNK       int     `toml:"knn_k"`
	KNNT       float64 `toml:"knn_t"`
}

// FinalConfig says what a run under a lock measures at its budget, on the sealed test split. It changes no bit of the
// run before that.
type FinalConfig struct {
	Test           bool    `toml:"test"`            // open the test split for ridge and kNN probes, and what else is asked for
	Logistic       bool    `toml:"logistic"`        // multinomial logistic regression on the probes' features
	LogisticLambda float64 `toml:"logistic_lambda"` // lambda/2 times the sum of squared weights, added to the mean loss

	ProbeSeeds      int     `toml:"probe_seeds"` // of each evaluation below
	Attentive       bool    `toml:"attentive"`
	AttentiveEpochs int     `toml:"attentive_epochs"` // over the bank
	Finetune        bool    `toml:"finetune"`
	FinetuneEpochs  int     `toml:"finetune_epochs"` // over the bank
	FinetuneLR      float64 `toml:"finetune_lr"`     // peak, per 256 images
}

// CompleteConfig is the schedule-complete confirmation (methodology b.6). It changes no bit of any other run.
type CompleteConfig struct {
	Run      bool    `toml:"run"`      // train its runs, four more for each seed
	Schedule string  `toml:"schedule"` // "cosine", "trapezoid": one that decays to zero
	Margin   float64 `toml:"margin"`   // delta, percentage points
}

// RunConfig is one run: a resolved study, a seed and an arm.
type RunConfig struct {
	Config
	Seed    uint64
	Arm     string // "off" or "on"
	Measure bool   // each step records and measures MTO's taps, whether MTO acts or not; changes no bit
}

// Arms in the order of the result files.
const (
	ArmOff = "off"
	ArmOn  = "on"
)

// MTOActive reports whether the run has MTO, i.e. whether its arm is "on".
func (rc RunConfig) MTOActive() bool { return rc.Arm == ArmOn }

// Steps is the number of optimizer steps of the budget: epochs * trainImages / batch, rounded to
// nearest. Epochs are images seen divided by trainImages (b.2), whatever the last batch of a
// permutation drops.
func (c *Config) Steps() int {
	return int(c.Train.Epochs*float64(c.Data.TrainImages)/float64(c.Train.Batch) + 0.5)
}

// GridStep is the step after which grid point k is evaluated, k = 0..study.grid.
func (c *Config) GridStep(k int) int {
	return (2*k*c.Steps() + c.Study.Grid) / (2 * c.Study.Grid)
}

// Epochs converts optimizer steps to real-valued epochs (b.2).
func (c *Config) EpochsAt(step int) float64 {
	return float64(step) * float64(c.Train.Batch) / float64(c.Data.TrainImages)
}

// LR is the peak learning rate of the batch.
func (c *Config) LR() float64 { return c.Train.BaseLR * float64(c.Train.Batch) / 256 }

// Fraction converts a fraction of the budget to images.
func (c *Config) Fraction(f float64) float64 {
	return float64(f * float64(c.Steps()) * float64(c.Train.Batch))
}
