package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mtobench/mtobench/benchdata"
	"github.com/mtobench/mtobench/internal/spelling"
)

// DataOverrides gives the overrides that choose a data set: a name that benchdata knows, or the path of
// a folder or archive of one's own images, which is then named after its last part.
func DataOverrides(nameOrPath string) ([]string, error) {
	if slices.Contains(dataNames(), nameOrPath) {
		return []string{"data.name=" + nameOrPath}, nil
	}
	path, err := filepath.Abs(nameOrPath)
	if err != nil {
		return nil, fmt.Errorf("%w: data: %w", ErrConfig, err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%w: data: %q is neither a file or folder nor a known data set; did you mean %s? (mtobench data list)", ErrConfig, nameOrPath, spelling.Nearest(nameOrPath, dataNames()))
	}
	return []string{"data.name=" + pathName(path), "data.path=" + path}, nil
}

// dataNames lists the data sets that are known by name.
func dataNames() []string {
	var names []string
	for _, info := range benchdata.List() {
		names = append(names, info.Name)
	}
	return names
}

// pathName names the images under a path: its last part without an archive's extension.
func pathName(path string) string {
	name := plain(filepath.Base(path))
	for _, extension := range []string{".gz", ".tgz", ".tar", ".zip"} {
		name = strings.TrimSuffix(name, extension)
	}
	return name
}

// openData reads the configured images. The test split comes sealed: the set that studies and trainers are
// handed holds none of it.
func openData(c *Config) (*benchdata.Set, *benchdata.SealedTest, error) {
	from := c.Data.Name
	if c.Data.Path != "" {
		from = c.Data.Path
	}
	set, err := benchdata.Open(from, benchdata.Options{Side: c.Data.Side})
	if err != nil {
		return nil, nil, of(ErrConfig, fmt.Errorf("data: %w", err))
	}
	return set, set.Seal(), nil
}

// OpenRun opens the data of a configuration, resolves it and makes one run of it. The set has no test split.
func OpenRun(c Config, seed uint64, arm string) (RunConfig, *benchdata.Set, error) {
	set, _, err := openData(&c)
	if err != nil {
		return RunConfig{}, nil, err
	}
	if err := c.Resolve(set); err != nil {
		return RunConfig{}, nil, of(ErrConfig, err)
	}
	return RunConfig{Config: c, Seed: seed, Arm: arm}, set, nil
}
