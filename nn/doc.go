// Package nn records neural-network computations and replays them.
//
// A [Program] is a straight list of operations over buffers of fixed shape. It
// is recorded once, by calling methods such as [Program.Linear] and
// [Program.Attention], and replayed by a [Device] as often as wanted:
//
//  1. [NewParams] lays the trainable tensors out in one flat buffer.
//  2. [NewProgram] starts a recording; inputs, parameters and operations are
//     methods on it and return a [Tensor], which is a handle, never a slice.
//  3. [Program.Backward] appends the gradients, [Program.ClipNorm],
//     [Program.AdamW] and [Program.Average] the update of the weights.
//  4. [Device.Load] allocates every buffer; [Device.Upload] fills the inputs;
//     [Device.Step] runs the list; [Device.Download] reads results.
//
// # Promises
//
// The CPU device returns the same bits for any number of threads and any
// instruction set (specs/numerics.md); after [Program.UsePrecision] with
// [simd.BF16], only where [simd.Arithmetic] is the same. A replayed step allocates nothing. Every
// number that changes from step to step (learning rate, masks, indices) lives in
// an input buffer, so a whole step can be captured as one graph by a device
// that has graphs.
//
// Gradients follow one rule. Gradients of parameters add to the flat gradient
// buffer, which the first operation of the backward part zeroes. Gradients of
// activations are overwritten by their first writer and added to by the later
// ones; the writers of a tensor's gradient come in the reverse order of
// recording of the operations that read the tensor. Tensors that depend on no
// parameter (inputs, constants, [Program.Detach]) have no gradient and cost
// nothing.
//
// A step whose loss or gradient norm isn't finite changes no weight: see
// [Program.ClipNorm].
//
// # Limits
//
// Shapes are fixed when recorded; a wrong one panics there, with the shapes in
// the text. Data are float32, indices int32. A Program, a Device and its pool
// belong to one goroutine at a time.
package nn

// Numerics is the version of the bit-identity contract (specs/numerics.md). It
// rises with every change that can move a bit of a result.
const Numerics = 1
