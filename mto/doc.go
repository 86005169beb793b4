// Package mto adds Masked Token Optimization (arXiv 2404.08330, ECCV 2024) to any
// pre-training method of package mim that has mask tokens.
//
// MTO's formulas are not fully public. What is here is a reconstruction from what
// its authors state (specs/methods.md, section 11): the three losses and the
// recalibration of attention have the sources' names and purposes, their
// formulas and coefficients are ours, and every coefficient is a field of
// [Config]. [Reconstruction] is the sentence that reports print.
//
//   - L_e: the mask token resembles no visible embedding in particular (its
//     heterogeneity is high), and lies at least as far from their mean as they do.
//   - L_r: heterogeneity falls from block to block.
//   - L_spa: visible queries don't attend to masked keys.
//   - The gate, optional, adds to the attention logits what L_spa only asks for.
//
// [Record] takes the place of a method's Record. It works on what the method
// shows in its taps, with the operations Heterogeneity, EntryLoss, RankLoss,
// SparsityLoss and Gate of package nn, and asks no line of any method.
//
// Promises: the method's own loss, parameters, draws and inputs are untouched; a
// term with weight 0 isn't recorded, so with all weights 0 and no gate the
// program is the method's own, bit for bit; features of intact images know
// nothing of MTO. Methods without mask tokens are refused.
package mto

// Reconstruction says, in one sentence for reports, what these results are of.
const Reconstruction = "MTO here is a reconstruction from what its authors state (arXiv 2404.08330): its formulas aren't fully public."
