package benchdata

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// served describes a set of two files that a local server offers; replies overrides what
// a path answers.
func served(t *testing.T, replies map[string]http.HandlerFunc) (*description, *int) {
	bodies := map[string]string{"one.bin": strings.Repeat("one ", 700_000), "two.bin": "two"}
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		name := strings.TrimPrefix(r.URL.Path, "/")
		if reply := replies[name]; reply != nil {
			reply(w, r)
			return
		}
		w.Write([]byte(bodies[name]))
	}))
	t.Cleanup(server.Close)
	d := &description{Info: Info{Name: "pair"}}
	for _, name := range []string{"one.bin", "two.bin"} {
		sum := sha256.Sum256([]byte(bodies[name]))
		d.Files = append(d.Files, File{name, server.URL + "/" + name, int64(len(bodies[name])), hex.EncodeToString(sum[:])})
	}
	return d, &requests
}

func TestFetchBringsWholeFilesOnce(t *testing.T) {
	d, requests := served(t, nil)
	dir := t.TempDir()
	var last int64
	got, err := d.fetch(context.Background(), FetchOptions{Dir: dir, Progress: func(file string, done, total int64) {
		if file == "one.bin" {
			require.Greater(t, done, last)
			require.Equal(t, int64(2_800_000), total)
			last = done
		}
	}})
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "pair"), got)
	require.Equal(t, int64(2_800_000), last)
	require.Equal(t, 2, *requests)
	require.ElementsMatch(t, []string{"one.bin", "two.bin"}, listed(t, got), "nothing else is left")

	_, err = d.fetch(context.Background(), FetchOptions{Dir: dir})
	require.NoError(t, err)
	require.Equal(t, 2, *requests, "what is there isn't fetched again")

	require.NoError(t, os.WriteFile(filepath.Join(got, "two.bin"), []byte("2wo"), 0o644))
	_, err = d.fetch(context.Background(), FetchOptions{Dir: dir})
	require.NoError(t, err)
	require.Equal(t, 3, *requests, "what is damaged is")
}

func listed(t *testing.T, dir string) []string {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestFailedFetchLeavesNothing(t *testing.T) {
	check := func(want string, reply http.HandlerFunc) {
		t.Helper()
		d, _ := served(t, map[string]http.HandlerFunc{"two.bin": reply})
		dir := t.TempDir()
		_, err := d.fetch(context.Background(), FetchOptions{Dir: dir})
		require.Error(t, err)
		url := d.Files[1].URL
		got := strings.ReplaceAll(strings.ReplaceAll(err.Error(), url, "URL"), dir, "DIR")
		require.Equal(t, want, got)
		require.Equal(t, []string{"one.bin"}, listed(t, filepath.Join(dir, "pair")))
	}
	check("pair: two.bin: URL answered 404 Not Found; try again later, or put the file at DIR/pair/two.bin yourself",
		func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
	check("pair: two.bin: URL offers 7 bytes, need 3: not the official file",
		func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("seventy")) })
	check("pair: two.bin: URL: sha256 1477e020bf42ece002ceed3631dc74896100f19aaa35cd746aadd8337495e055, need 3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3: not the official file",
		func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("2wo")) })
	check("pair: two.bin: URL ended after 2 of 3 bytes; try again",
		func(w http.ResponseWriter, r *http.Request) { // length 3 promised, 2 sent
			w.Header().Set("Content-Length", "3")
			w.Write([]byte("tw"))
		})
	check("pair: two.bin: URL ended after 2 of 3 bytes; try again",
		func(w http.ResponseWriter, r *http.Request) { // no length
			w.Write([]byte("tw"))
			w.(http.Flusher).Flush()
		})
	check("pair: two.bin: URL sent more than 3 bytes: not the official file",
		func(w http.ResponseWriter, r *http.Request) {
			w.Write([]byte("twotwo"))
			w.(http.Flusher).Flush()
		})
}

func TestFetchStopsWithItsContext(t *testing.T) {
	d, _ := served(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := d.fetch(ctx, FetchOptions{Dir: t.TempDir()})
	require.ErrorIs(t, err, context.Canceled)
}

func TestFetchOfOtherNames(t *testing.T) {
	_, err := Fetch(context.Background(), "glyphs", FetchOptions{})
	require.EqualError(t, err, "glyphs: embedded in the program: nothing to fetch")
	_, err = Fetch(context.Background(), "imagenet", FetchOptions{})
	require.EqualError(t, err, "imagenet: not a known data set: need one of glyphs, fashion-mnist, cifar10, cifar100")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
