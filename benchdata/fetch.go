package benchdata

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
)

// FetchOptions says how to download. The zero value is the usual way.
type FetchOptions struct {
	// Dir is the folder to write to, in a folder of the set's name; "" is [CacheDir].
	Dir string
	// Client makes the requests; nil is http.DefaultClient.
	Client *http.Client
	// Progress, if not nil, is called now and then with the bytes of the file that have
	// arrived and those it has.
	Progress func(file string, done, total int64)
}

// Fetch downloads the files of a known set that aren't there yet, checks size and SHA-256
// and returns the folder they are in. A file appears under its name by renaming once it
// is whole, checked and on disk; after an error nothing half-written is left.
func Fetch(ctx context.Context, name string, opt FetchOptions) (string, error) {
	d := lookup(name)
	if d == nil {
		return "", unknown(name)
	}
	return d.fetch(ctx, opt)
}

func (d *description) fetch(ctx context.Context, opt FetchOptions) (string, error) {
	if len(d.Files) == 0 {
		return "", fmt.Errorf("%s: embedded in the program: nothing to fetch", d.Name)
	}
	if opt.Dir == "" {
		dir, err := CacheDir()
		if err != nil {
			return "", err
		}
		opt.Dir = dir
	}
	if opt.Client == nil {
		opt.Client = http.DefaultClient
	}
	dir := filepath.Join(opt.Dir, d.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("%s: %w", d.Name, err)
	}
	for _, f := range d.Files {
		if err := f.fetch(ctx, filepath.Join(dir, f.Name), opt); err != nil {
			return "", fmt.Errorf("%s: %s: %w", d.Name, f.Name, err)
		}
	}
	return dir, nil
}

// fetch downloads one file to target, unless a file with the right contents is there.
func (f File) fetch(ctx context.Context, target string, opt FetchOptions) error {
	if f.isAt(target) {
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return err
	}
	response, err := opt.Client.Do(request)
	if err != nil {
		return fmt.Errorf("%w; check the network, or put the file at %s yourself", err, target)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s; try again later, or put the file at %s yourself", f.URL, response.Status, target)
	}
	if n := response.ContentLength; n >= 0 && n != f.Bytes {
		return fmt.Errorf("%s offers %s bytes, need %s: not the official file", f.URL, thousands(n), thousands(f.Bytes))
	}
	return writeWhole(target, func(w io.Writer) error { return f.receive(w, response.Body, opt.Progress) })
}

// receive copies the body and checks it.
func (f File) receive(w io.Writer, body io.Reader, progress func(string, int64, int64)) error {
	hash := sha256.New()
	out := io.MultiWriter(w, hash)
	body = io.LimitReader(body, f.Bytes+1)
	var done int64
	for {
		n, err := io.CopyN(out, body, 1<<20)
		done += n
		if progress != nil && n > 0 {
			progress(f.Name, min(done, f.Bytes), f.Bytes)
		}
		if err == io.EOF {
			break
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%s ended after %s of %s bytes; try again", f.URL, thousands(done), thousands(f.Bytes))
		}
		if err != nil {
			return fmt.Errorf("%s: after %s of %s bytes: %w; try again", f.URL, thousands(done), thousands(f.Bytes), err)
		}
	}
	switch got := hex.EncodeToString(hash.Sum(nil)); {
	case done < f.Bytes:
		return fmt.Errorf("%s ended after %s of %s bytes; try again", f.URL, thousands(done), thousands(f.Bytes))
	case done > f.Bytes:
		return fmt.Errorf("%s sent more than %s bytes: not the official file", f.URL, thousands(f.Bytes))
	case got != f.SHA256:
		return fmt.Errorf("%s: sha256 %s, need %s: not the official file", f.URL, got, f.SHA256)
	}
	return nil
}

// isAt says whether the file is there, whole and right.
func (f File) isAt(target string) bool {
	in, err := os.Open(target)
	if err != nil {
		return false
	}
	defer in.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, in)
	return err == nil && n == f.Bytes && hex.EncodeToString(hash.Sum(nil)) == f.SHA256
}

// writeWhole makes the file appear with all that write wrote, synced to disk, or not
// at all.
func writeWhole(target string, write func(io.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if err := write(tmp); err != nil {
		return err
	}
	if err := tmp.Chmod(0o644); err != nil && runtime.GOOS != "windows" {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), target); err != nil {
		return err
	}
	return syncDir(filepath.Dir(target))
}

// syncDir makes a rename last; systems that can't sync a directory don't need it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil || runtime.GOOS == "windows" {
		return err
	}
	defer d.Close()
	return d.Sync()
}
