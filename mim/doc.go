// Package mim holds the masked-image pre-training methods, what they share, and
// the registry that finds them by name.
//
// A step goes like this:
//
//  1. [New] makes a method from a [Config]; its Specs are the parameters of an
//     nn.Program, on which Record appends a forward pass over a batch.
//  2. For each image of a batch, [Augment] writes the input and the method's
//     Corrupt draws the mask, into a [Batch] on the host.
//  3. Batch.Upload feeds the program's inputs and the device replays it.
//  4. Features, on a program of its own, is what probes see.
//
// # Promises
//
// Every draw about an image (crop, flip, mask) is a function of its [Key], that
// is of seed, epoch and the image's index, and of the stream's name: neither the
// batch nor threads nor another draw can shift it. All masks of a method have the
// same number of masked patches. The bits of masks and crops are the same on
// every machine. Drawing them allocates nothing for images up to 256 px and
// 1,024 patches.
//
// A [Tap] shows each network that holds mask tokens, and a gate may bias its
// attention; a method does nothing for either beyond calling
// [RecordOptions.RecordBlocks]. A forward pass without taps and one with taps
// compute the same bits.
//
// Formulas, sources and the numbered invariants that the tests cite are in
// specs/methods.md. Code outside this repository adds a method with [Register].
package mim
