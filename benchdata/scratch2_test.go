package benchdata

import (
	"os"
	"testing"
	"time"
)

func TestScratchOpen(t *testing.T) {
	for _, w := range []string{"fashion-mnist", "/work/shared/data/cifar10-jpeg.zip"} {
		t0 := time.Now()
		s, err := Open(w, Options{})
		t.Log(time.Since(t0), s, err)
		if s != nil {
			t.Log(s.Mean, s.Std, s.ClassNames, s.SHA256)
		}
	}
	_, err := Open("cifar10", Options{})
	t.Log(err)
	_, err = Open("nope", Options{})
	t.Log(err, os.IsNotExist(err))
}
