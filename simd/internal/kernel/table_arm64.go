package kernel

// NEON needs nothing: every arm64 CPU has it.
var NEON = Table{Name: "neon", GEMMKernels: gemmNEON(), RowKernels: rowsNEON()}

func supported() []*Table { return []*Table{&NEON} }
