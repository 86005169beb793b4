package benchdata

// Limits on what is read: far above any set this program is for, and low enough that a damaged or hostile
// file ends in an error and not in exhausted memory or in a day of unpacking. Nothing that is read is ever
// written to a path that a file names, so a path can only name a class; those that lead out are refused all
// the same, and so are links, devices and everything else that is neither a file nor a directory.
const (
	minSide = 4   // pixels of a usable image
	maxSide = 512 // pixels

	maxTensorBytes = 8 << 30   // decoded images of one set
	maxMembers     = 4_000_000 // entries of an archive or folder
	maxNameBytes   = 4096      // one member's path
	maxListBytes   = 512 << 20 // all members' paths
	maxDepth       = 16        // nested directories
	maxMemberBytes = 64 << 20  // one image file, unpacked
	maxTotalBytes  = 1 << 40   // all members, unpacked

	// An archive may unpack to maxRatio times its size, once it has unpacked maxRatioFrom. Images are
	// compressed already; what goes beyond is made of nothing.
	maxRatio     = 200
	maxRatioFrom = 64 << 20

	maxPixels = 1 << 26 // one image before it is resized
	maxScans  = 200     // one JPEG: each scan is a pass over all pixels; encoders make about ten

	// Images of more pixels than this are decoded one at a time, so that threads don't multiply their memory.
	largePixels = 1 << 22

	// Compression can't do better: an image that announces more pixels than so many for each byte of its
	// file is cut off or a bomb. Deflate reaches 1032 bytes a byte; a JPEG's block of 8x8 takes a bit at least.
	maxDeflateRatio  = 1032
	maxJPEGPixelByte = 8 * 64
)
