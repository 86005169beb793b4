package benchdata

// A SealedTest holds a set's test split apart from the set, so that only code that is handed it can read
// the split. It may be used by several goroutines at once.
type SealedTest struct{ split Split }

// Seal takes the test split out of s and returns it: s.Test has no images from then on. s.SHA256 stays what
// it was, the hash of all three splits; s.Hash would no longer give it.
func (s *Set) Seal() *SealedTest {
	sealed := &SealedTest{s.Test}
	s.Test = Split{}
	return sealed
}

// Len returns the number of images, which says nothing about them.
func (t *SealedTest) Len() int { return t.split.Len() }

// Open returns the split. Who calls it records that it was opened.
func (t *SealedTest) Open() Split { return t.split }
