package benchdata

// Limits on what is read: far above any set this program is for, and low enough
// that a damaged or hostile file ends in an error and not in exhausted memory.
const (
	minSide = 4   // pixels of a usable image
	maxSide = 512 // pixels

	maxTensorBytes = 8 << 30   // decoded images of one set
	maxMembers     = 4_000_000 // entries of an archive or folder
	maxMemberBytes = 64 << 20  // one image file
	maxPixels      = 1 << 26   // one image before it is resized
	maxDepth       = 16        // nested directories
)
