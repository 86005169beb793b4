// Package modelfile writes a pre-trained model as other programs load it: a safetensors file with the
// tensor names of timm and of the official MAE code, or with those of Hugging Face's transformers and
// the config.json beside it (methodology 4.2).
//
// It promises that every tensor is written as it was trained, none rounded; that linear weights are
// (out, in) and the patch projection (D, C, p, p); and that the file's metadata hold what the tensors
// alone don't say: GELU form, LayerNorm epsilon, patch, image size, normalisation of the pixels, pooling,
// and the run it comes from. Parameters that only MTO has go under "mto.".
//
// It refuses what the other program can't represent, and says what can.
package modelfile
