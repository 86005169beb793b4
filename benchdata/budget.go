package benchdata

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// A budget counts what an archive unpacks to, over all members and threads.
type budget struct {
	packed   int64 // size of the archive
	unpacked atomic.Int64
}

// newBudget is the budget of one pass over a file.
func newBudget(file string) (*budget, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	return &budget{packed: info.Size()}, nil
}

// take counts n more bytes.
func (b *budget) take(n int) error {
	total := b.unpacked.Add(int64(n))
	if total > maxTotalBytes {
		return fmt.Errorf("unpacks to more than %s bytes", thousands(int64(maxTotalBytes)))
	}
	if total > maxRatioFrom && total/maxRatio > b.packed {
		return fmt.Errorf("unpacks to more than %s bytes, over %d times its own %s: made to exhaust memory or time, not to hold images",
			thousands(total), maxRatio, thousands(b.packed))
	}
	return nil
}

// reader passes on r within the budget.
func (b *budget) reader(r io.Reader) io.Reader { return &budgeted{r, b} }

type budgeted struct {
	r io.Reader
	b *budget
}

func (r *budgeted) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if over := r.b.take(n); over != nil {
		return 0, over
	}
	return n, err
}
