package nn

// A Device holds buffers and replays programs. Buffers are known by handles:
// nothing outside a device sees its memory. A Device belongs to one goroutine
// at a time; it may run behind the caller until [Device.Sync], Download or
// DownloadState.
//
// The flat buffers of a [Params] (see [State]) exist once for each device and
// are shared by all programs over these Params: a training program writes the
// weights that a probing program reads. They start as zeros.
type Device interface {
	// Name says what the device is, as "cpu avx512 2 threads".
	Name() string

	// Load makes the buffers of p and prepares its replay. Nothing can be
	// recorded in p afterwards. Loading twice does nothing. Programs of a device
	// share the memory of what doesn't outlive a step.
	Load(p *Program) error

	// Step replays p, which must be loaded, once from first to last operation.
	Step(p *Program) error

	// Upload and UploadIndex copy src to an input of a loaded program; lengths
	// must agree, and indices must be in the range that the program's operations
	// need.
	Upload(dst Tensor, src []float32) error
	UploadIndex(dst Tensor, src []int32) error

	// Download and DownloadIndex copy a tensor of a loaded program to dst; lengths
	// must agree, and the tensor must be one that is kept: see [Program.Keep].
	Download(dst []float32, src Tensor) error
	DownloadIndex(dst []int32, src Tensor) error

	// UploadState and DownloadState copy a whole flat buffer of ps; lengths must
	// be ps.Len().
	UploadState(ps *Params, which State, src []float32) error
	DownloadState(dst []float32, ps *Params, which State) error

	// Bytes returns the memory that loaded programs and flat buffers take.
	Bytes() int64

	// Sync waits until everything asked for is done.
	Sync() error

	// Close frees the device's memory. The device can't be used afterwards.
	Close() error
}
