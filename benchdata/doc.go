// Package benchdata reads the image data sets that studies train on and probe.
//
// [Open] takes the name of a known set ([List]) or a path: a folder of IDX files
// (MNIST and its relatives), of CIFAR's binary files, or of PNG and JPEG images with
// a directory a class; or a zip or tar archive of such images. The embedded set, glyphs,
// is drawn by this package and needs no file.
//
// What it promises:
//   - A [Set] is decoded, checked and whole, or there is an error that names the file,
//     what was found in it and what to do.
//   - The tensors have the same bytes on every machine and for any number of threads:
//     decoding, resizing and drawing use whole numbers only. [Set.SHA256] covers the
//     decoded tensors, so that two sets which differ unnoticed (another resize, another
//     split, another release of the JPEG decoder) can't be taken for one.
//   - Three splits, always: train, for pre-training and the probe's bank; val, for targets
//     and curves; test, opened once. Official splits are kept. A val (or test) that a
//     source lacks is held out from its training images: min(10,000, n/5) of the n, the first
//     of the permutation that stream split of seed 0 gives. An image folder without split
//     directories is divided 80/10/10 by a hash of each image's path, so that adding images
//     moves no other one.
//   - Memory: the decoded tensors, and about one image a thread. Every read is bounded.
//
// What it refuses: images that aren't square or differ in size, unless [Options.Side] says
// what to make of them; classes without training images; archives with paths that
// lead outside.
//
// [Fetch] downloads the public sets from their official addresses and checks them.
package benchdata
