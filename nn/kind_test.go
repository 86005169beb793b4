package nn

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// declaredKinds returns the file of each Kind constant of the package. It fails
// on a name that two constants have.
func declaredKinds(t *testing.T) map[Kind]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	kinds := map[Kind]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Kind" {
				return true
			}
			for _, v := range spec.Values {
				text, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				require.NoError(t, err)
				require.NotContains(t, kinds, Kind(text), "%s", name)
				kinds[Kind(text)] = name
			}
			return true
		})
	}
	return kinds
}

// Kinds are told apart by their names, every recorded kind is a declared one, and
// every one of this package's basic operations has a part in the gradient cases
// or the tiny network.
func TestKindsAreDeclaredAndExercised(t *testing.T) {
	declared := declaredKinds(t)
	seen := map[Kind]bool{}
	look := func(p *Program) {
		for _, o := range p.Ops() {
			seen[o.Kind] = true
			if !strings.HasPrefix(string(o.Kind), "test-") {
				require.Contains(t, declared, o.Kind)
			}
		}
	}
	look(newTinyNet(t).p)
	for _, c := range gradCases {
		p := NewProgram(mustParams(t, c.params...))
		p.Backward(testDot(p, c.record(p)))
		look(p)
	}
	for kind, file := range declared {
		if !strings.HasPrefix(file, "mto_") {
			require.True(t, seen[kind], "%s in %s", kind, file)
		}
	}
}
