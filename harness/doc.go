// Package harness carries out studies: does masked-image pre-training reach a fixed quality in fewer
// epochs with Masked Token Optimization (MTO) than without?
//
// A study is a [Config], resolved against its data. [NewStudy] opens it; [Study.Run] then
//
//  1. calibrates: baseline runs with seeds that serve nothing else fix the target;
//  2. locks: target, grid, budget, seeds and test go into study.lock.json, hashed;
//  3. runs pairs in ABBA order, each run in a process of its own and to its full budget;
//  4. collects: results.txt and results.byseed.txt in the Go benchmark format;
//  5. judges: paired ratio of epochs-to-target with its interval, and a verdict by a fixed rule.
//
// It promises that the same configuration and seed give the same bits of weights, metrics and
// epochs-to-target on every CPU (see Precision for the one exception), for any number of threads and
// after any interruption; that a run's folder is its whole state (finished is skipped, partial goes on
// from its last checkpoint, one in use is left alone); and that no file is ever seen half-written.
//
// It refuses a lock of other data, settings or numerics, an arm that starts unlike its partner, and
// any file of a newer schema. Nothing is printed but through a [Monitor] and [Report.WriteText].
//
// # Configuration
//
// A study file is TOML. Every key has a default; those of model.*, method.*, mto.* follow the four
// names data.name, model.name, method.name and mto.preset. Unknown keys are errors. On the command line
// a key is set by -s key=value.
//
//	study.name                    names the folder of the results
//	study.seeds                   number of pairs, fixed beforehand (10; 6 is the floor of the exact test)
//	study.first_seed              seeds of the pairs are first_seed, first_seed+1, ... (1)
//	study.calibration_seeds       number of baseline runs that fix the target, at least 6 (6)
//	study.first_calibration_seed  their first seed; they may not overlap the pairs' (1001)
//	study.grid                    evaluations after epoch 0, at equal distances (40)
//	study.target                  primary target: fraction of the way from untrained to calibrated end (0.95)
//	study.targets                 all targets that are reported, among them the primary one
//	study.tuning_trials           trials that each arm's settings were chosen from, as many for both (mtobench tune); 0: neither was tuned (0)
//	study.repeat                  run the first seed's baseline twice: same bits, similar seconds (true)
//	study.noise                   the host's stated noise of seconds, as a fraction, fixed when the repeated run begins (0.1)
//	study.threads                 worker threads of a run; 0: all processors; changes no result (0)
//
//	data.name          a set that benchdata knows (fashion-mnist), or a name for data.path
//	data.path          folder, zip or tar of one's own images
//	data.side          side of the images in pixels; 0: the set's own (0)
//	data.train_images  images that pre-training uses, drawn once and for all; 0: all (0)
//
//	model.name         vit_nano, vit_micro, vit_mini, vit_tiny, vit_small, vit_base (vit_nano)
//	model.patch        patch side in pixels; 0: by the image's side (0)
//	model.width        token width; the preset's
//	model.depth        blocks; the preset's
//	model.heads        attention heads; the preset's
//	model.mlp_ratio    hidden width of the MLP over the token width (4)
//	model.norm_eps     epsilon of every LayerNorm (1e-6)
//	model.gelu         tanh or erf (tanh)
//	model.class_token  prepend a learned token; features stay the mean of the patches (false)
//	model.init         safetensors file with the encoder's initial weights; empty: drawn from the seed
//	model.init_sha256  its SHA-256: what the lock holds of it; empty: filled in
//
//	method.name           simmim or mae (simmim)
//	method.mask_ratio     fraction of patches that is masked (0.6; mae 0.75)
//	method.mask_unit      simmim: side of a mask unit in pixels; 0: two patches where the grid permits (0)
//	method.norm_pix       mae: targets normalised patch by patch (true)
//	method.norm_pix_eps   its epsilon; 0: 1e-6, or 1e-2 where the set is near-binary (0)
//	method.decoder_width  mae: width of the decoder; the preset's
//	method.decoder_depth  its blocks; the preset's
//	method.decoder_heads  its heads; the preset's
//
//	mto.preset      on, literal, gated, hard: the defaults of the keys below (on)
//	mto.gate        gate on attention logits: none, adaptive, hard
//	mto.lambda_spa  weight of the sparsity loss
//	mto.lambda_e    weight of the entry loss
//	mto.lambda_r    weight of the rank loss
//	mto.w_mass      share of the masked mass in the sparsity loss
//	mto.w_entropy   share of the row entropy in it
//	mto.b_s         weight of the distance hinge in the entry loss
//	mto.tau         temperature of the heterogeneity
//	mto.kappa       distance at which the hinge ends, over the visible tokens' spread
//	mto.mu          total margin of the rank loss
//	mto.e_min       floor of the row entropy
//	mto.centred     masked mass: gradients reach the mean of the visible logits, so that a row can't fall as a whole (false)
//	mto.eps         guard of divisions
//	mto.ramp        sparsity and rank losses rise over this fraction of the budget
//
//	train.batch            images a step (128)
//	train.epochs           the budget T (40)
//	train.base_lr          learning rate at a batch of 256; it scales with the batch (1.5e-3)
//	train.schedule         constant, cosine or trapezoid, after a linear warm-up (constant)
//	train.warmup           fraction of the budget (0.05)
//	train.cooldown         trapezoid: fraction of the budget (0.2)
//	train.beta1            AdamW (0.9)
//	train.beta2            AdamW (0.95)
//	train.eps              AdamW (1e-8)
//	train.weight_decay     AdamW; not on biases, norms, positions, tokens (0.05)
//	train.clip             largest gradient norm; 0: off (1)
//	train.average_horizon  horizon of the weight average that probes see, as a fraction of the budget (0.02)
//	train.crop_min         smallest area of the random resized crop (0.6)
//	train.crop_max         largest area (1)
//	train.crop_ratio       aspect ratios lie between 1/crop_ratio and crop_ratio (4/3)
//	train.flip             auto: where the set says labels survive it; on; off (auto)
//	train.precision        operands of linear layers, in training and probes: f32, or bf16, see below (f32)
//
//	probe.layer       features after this block; 0: chosen in calibration (0)
//	probe.bank        labelled training images of the probe; 0: all (10000)
//	probe.validation  validation images; 0: all (0)
//	probe.lambda      ridge: lambda times the bank's size on the diagonal (0.01)
//	probe.knn_k       neighbours of the kNN probe (20)
//	probe.knn_t       its temperature (0.07)
//
//	final.test              at the budget of each run under the lock, open the sealed test split once and evaluate there (true)
//	final.logistic          beside ridge and kNN a multinomial logistic regression on the probes' features (true)
//	final.logistic_lambda   its penalty: lambda/2 times the sum of squared weights, added to the mean loss (1e-3)
//	final.probe_seeds       repetitions of each of the following with other initial weights and orders (3)
//	final.attentive         an attention pool and linear layer on the frozen tokens of block probe.layer (false)
//	final.attentive_epochs  its passes over the probe's bank (20)
//	final.finetune          fine-tune the whole encoder on the labels of the probe's bank (false)
//	final.finetune_epochs   its passes over the bank (20)
//	final.finetune_lr       its peak learning rate at a batch of 256; it scales with the batch (4e-3)
//
//	complete.run       confirm the claim by whole schedules: both arms for the budget T and for T/2, four more runs
//	                   a seed, judged on the test split (false)
//	complete.schedule  theirs: cosine or trapezoid, decaying to zero after the warm-up (cosine)
//	complete.margin    by how much less MTO may reach in half the epochs, in percentage points (0.5)
//
// # Precision
//
// With train.precision=bf16 the matrix products of linear layers (forward, and the gradients of inputs
// and weights) round their operands to bfloat16 and add up in float32. Weights, gradients, moments,
// activations, LayerNorm, attention, losses, MTO's terms and the probes' regressions stay float32. It
// nearly doubles the products' speed on AMD CPUs with AVX-512 BF16, and is slower than f32 on all others.
// The same bits are promised among CPUs of one kind only (simd.Arithmetic), for any number of threads
// and after any interruption; a run's manifest says which kind. A run isn't continued, nor a study
// judged, across kinds.
package harness
