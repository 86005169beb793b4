// Package vit records vision transformers on nn programs: patch embedding,
// fixed sin-cos position, pre-norm blocks, presets, and timm's tensor names.
//
// It promises:
//   - one encoder for every pre-training method, so that methods differ in what
//     they ask of it and not in how it is built;
//   - names and shapes of timm and of the official MAE code
//     (blocks.0.attn.qkv.weight, patch_embed.proj.weight as (D, C, p, p)), so that
//     a checkpoint loads elsewhere as it is;
//   - the same bits of the position table on every machine.
//
// It knows nothing of masks as a pre-training idea: a hook hands the tokens
// entering each block to whoever wants to add a bias to that block's attention
// logits. Images are square, patches are square and tile the image, position
// is not trained.
//
// Letters in shapes: B images, S image side, C channels, p patch side, G = S/p
// the grid's side, N = G*G patches, D width, L depth, h heads. The patch in row y
// and column x of the grid is token y*G + x.
package vit
