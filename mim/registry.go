package mim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/mtobench/mtobench/internal/spelling"
)

var registry = struct {
	sync.Mutex
	makers map[string]func(Config) (Method, error)
}{makers: map[string]func(Config) (Method, error){}}

// Register makes a method available by name, usually from an init function.
// make fills in the method's defaults and refuses what can't be. It panics if
// the name is empty or taken.
func Register(name string, make func(Config) (Method, error)) {
	registry.Lock()
	defer registry.Unlock()
	if name == "" || make == nil {
		panic("mim: Register: a method needs a name and a function that makes it")
	}
	if _, ok := registry.makers[name]; ok {
		panic(fmt.Sprintf("mim: Register: method %q is registered already; pick another name", name))
	}
	registry.makers[name] = make
}

// Methods returns the registered names, sorted.
func Methods() []string {
	registry.Lock()
	defer registry.Unlock()
	names := make([]string, 0, len(registry.makers))
	for name := range registry.makers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// New makes the named method with the given settings.
func New(name string, c Config) (Method, error) {
	registry.Lock()
	make := registry.makers[name]
	registry.Unlock()
	if make == nil {
		known := Methods()
		slices.SortStableFunc(known, func(a, b string) int {
			return cmp.Compare(spelling.Distance(name, a), spelling.Distance(name, b))
		})
		return nil, fmt.Errorf("mim: no method %q; known methods, nearest first: %s", name, strings.Join(known, ", "))
	}
	m, err := make(c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}
