package harness

import _ "embed"

// QuickName is what errors call the study that ships with the program.
const QuickName = "quick.toml"

//go:embed quick.toml
var quickTOML []byte

//go:embed quick.lock.json
var quickLockJSON []byte

// Quick reads the study that ships with the program, a demonstration on embedded data, with overrides.
func Quick(overrides []string) (Config, error) { return Load(QuickName, quickTOML, overrides) }

// quickLock is the lock that ships with it, nil where this build's numerics have moved on from it.
func quickLock() *Lock {
	l, err := parseLock("the lock that ships with mtobench", quickLockJSON)
	if err != nil {
		return nil
	}
	return l
}
