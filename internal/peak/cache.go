package peak

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cache is one level of memory, as the first processor sees it. The last level, DRAM, has size 0.
type cache struct {
	name    string
	bytes   int
	sharers int // processors that share it
}

// typical are the caches of a machine that doesn't tell.
var typical = []cache{{"L1", 32 << 10, 1}, {"L2", 1 << 20, 1}, {"L3", 16 << 20, 8}, {"DRAM", 0, 0}}

// sysfsCaches is where Linux describes the caches of the first processor.
const sysfsCaches = "/sys/devices/system/cpu/cpu0/cache"

// caches returns the levels, the smallest first, DRAM last.
func caches() []cache { return cachesAt(sysfsCaches) }

// cachesAt reads the data caches described at dir, and returns typical ones where there is no such description.
func cachesAt(dir string) []cache {
	indexes, _ := filepath.Glob(filepath.Join(dir, "index*"))
	found := map[string]cache{}
	for _, index := range indexes {
		read := func(name string) string {
			text, err := os.ReadFile(filepath.Join(index, name))
			if err != nil {
				return ""
			}
			return strings.TrimSpace(string(text))
		}
		bytes, ok := parseSize(read("size"))
		if !ok || read("type") == "Instruction" {
			continue
		}
		name := "L" + read("level")
		found[name] = cache{name: name, bytes: bytes, sharers: max(1, countProcessors(read("shared_cpu_list")))}
	}
	var levels []cache
	for _, name := range []string{"L1", "L2", "L3"} {
		if c, ok := found[name]; ok {
			levels = append(levels, c)
		}
	}
	if len(levels) == 0 {
		return typical
	}
	return append(levels, cache{name: "DRAM"})
}

// parseSize reads sizes such as 32K and 16M.
func parseSize(s string) (bytes int, ok bool) {
	shift := 0
	switch {
	case strings.HasSuffix(s, "K"):
		shift = 10
	case strings.HasSuffix(s, "M"):
		shift = 20
	}
	n, err := strconv.Atoi(strings.TrimRight(s, "KM"))
	return n << shift, err == nil && n > 0
}

// countProcessors counts the processors of a list such as 0-3,8.
func countProcessors(list string) int {
	count := 0
	for _, part := range strings.Split(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(first)
		if err != nil {
			return 0
		}
		b := a
		if isRange {
			if b, err = strconv.Atoi(last); err != nil {
				return 0
			}
		}
		count += b - a + 1
	}
	return count
}

// levelOf returns the index of the level that bytes lie at, all in one place.
func levelOf(levels []cache, bytes int) int {
	for i, c := range levels {
		if bytes <= c.bytes {
			return i
		}
	}
	return len(levels) - 1
}

// footprint returns how many bytes each of threads threads must touch to work at level i: three quarters of a cache of
// its own, a quarter of its part of a shared one but clearly more than the level below, and eight times its part of
// the last cache for DRAM.
func footprint(levels []cache, i, threads int) int {
	c := levels[i]
	if i == len(levels)-1 {
		last := levels[i-1]
		return max(16<<20, 8*last.bytes/max(1, min(threads, last.sharers)))
	}
	n := min(threads, c.sharers)
	part, most := c.bytes/n*3/4, c.bytes/n*3/4
	if n > 1 || i == 2 {
		part = c.bytes / n / 4
	}
	if i > 0 {
		part = min(max(part, 3*levels[i-1].bytes), most)
	}
	return part
}
