package mim

import "github.com/mtobench/mtobench/nn"

// Tap shows one network that holds mask tokens, for whoever wants to measure
// or shape them (package mto). B images, N patches of which n are visible and m
// masked in every image, D the network's width, L its depth.
//
// A sequence in the network has ClassTokens + N tokens, class tokens first.
// Visible and Masked count patches, so the patch i is token ClassTokens + i.
type Tap struct {
	Network   string    // "encoder" or "decoder"
	MaskToken nn.Tensor // [1,1,D], the parameter

	// EntryVisible holds the data embeddings at entry, before position: all
	// patches [B,N,D] in image order (SimMIM, before substitution), or only
	// the visible ones [B,n,D] in the order of Visible (MAE).
	EntryVisible nn.Tensor

	// Tokens[0] is what enters block 1, position included; Tokens[l] is the
	// residual stream after block l, before the final norm. [B,ClassTokens+N,D]
	Tokens []nn.Tensor

	// Attention[l-1] belongs to block l.
	Attention []nn.AttentionTap

	Visible nn.Tensor // index input [B,n], ascending in each image
	Masked  nn.Tensor // index input [B,m], ascending in each image

	ClassTokens int
}
