// Package statistics has what the judge of a study computes with: isotonic fits and their crossings,
// paired ratios and differences with their intervals, exact rank tests, and the statistics of
// right-censored times.
//
// It promises the same bits on every CPU (elementary functions of package detmath, sums in the order
// of the arguments, no fused arithmetic), exact null distributions wherever the name of a test says so,
// and that arguments are only read. Resamples come from fixed streams: the same data give the same
// interval in every study.
//
// It knows nothing of studies, files or arms: harness says which numbers are compared, and words the
// outcome. Every formula has its source at its declaration; the tests hold it against SciPy, lifelines
// and R (testdata/reference.py and reference.R print their numbers).
//
// An empty sample, or samples of unequal length where pairs are meant, is a mistake of the caller and
// panics.
package statistics
