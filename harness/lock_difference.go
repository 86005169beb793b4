package harness

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Difference names the first place in which two locks differ, and what stands there in each, l's value
// as "there" and o's as "here". It is empty where they have the same hash.
func (l *Lock) Difference(o *Lock) string {
	if l.hash() == o.hash() {
		return ""
	}
	a, b := l.tree(), o.tree()
	for _, part := range lockParts {
		if d := firstDifference(part, a[part], b[part]); d != "" {
			return d
		}
	}
	return firstDifference("", a, b)
}

// lockParts is the order in which people want to know: what was asked before what came of it.
var lockParts = []string{"schema", "numerics", "data", "config", "budget", "grid_steps", "seeds", "rule", "calibration", "primary_target", "targets"}

// tree is the lock as JSON's own types, without what isn't hashed.
func (l *Lock) tree() map[string]any {
	bare := *l
	bare.Hash, bare.Name = "", ""
	var tree map[string]any
	data, err := json.Marshal(bare)
	if err == nil {
		err = json.Unmarshal(data, &tree)
	}
	if err != nil {
		panic("harness: encoding a lock: " + err.Error())
	}
	return tree
}

// firstDifference walks two values of JSON; keys go in alphabetical order.
func firstDifference(path string, there, here any) string {
	switch a := there.(type) {
	case map[string]any:
		if b, ok := here.(map[string]any); ok {
			return mapDifference(path, a, b)
		}
	case []any:
		if b, ok := here.([]any); ok && len(a) == len(b) {
			for i := range a {
				if d := firstDifference(fmt.Sprintf("%s[%d]", path, i), a[i], b[i]); d != "" {
					return d
				}
			}
			return ""
		} else if ok {
			return fmt.Sprintf("%s: %d entries there, %d here", path, len(a), len(b))
		}
	}
	if there == here {
		return ""
	}
	return fmt.Sprintf("%s: %v there, %v here", path, there, here)
}

func mapDifference(path string, there, here map[string]any) string {
	both := maps.Clone(there)
	maps.Copy(both, here)
	for _, key := range slices.Sorted(maps.Keys(both)) {
		at := key
		if path != "" {
			at = path + "." + key
		}
		x, inX := there[key]
		y, inY := here[key]
		switch {
		case !inX:
			return at + " stands here only"
		case !inY:
			return at + " stands there only"
		}
		if d := firstDifference(at, x, y); d != "" {
			return d
		}
	}
	return ""
}
