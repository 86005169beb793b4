package benchdata

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// A pinned reader checks what was read against a SHA-256. Without one it only passes on.
type pinned struct {
	r    io.Reader
	hash hash.Hash
	want string
}

func newPinned(r io.Reader, want string) *pinned {
	return &pinned{r: r, hash: sha256.New(), want: want}
}

func (p *pinned) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if p.want != "" {
		p.hash.Write(b[:n])
	}
	return n, err
}

// verify is called at the end of the file.
func (p *pinned) verify() error {
	if got := hex.EncodeToString(p.hash.Sum(nil)); p.want != "" && got != p.want {
		return fmt.Errorf("sha256 of its contents is %s, need %s: not the official file; fetch it again", got, p.want)
	}
	return nil
}
