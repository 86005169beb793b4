package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
)

// fmaCalls is the allow-list, read from the sources: by file, the lines on which a call of math.FMA stands.
type fmaCalls map[string]map[int]bool

// on reports whether a fused instruction at file:line is one that the source asks for: the line is part of a call of
// math.FMA, and holds no other sum or difference that the compiler could have fused (inside an index there may be one).
func (c fmaCalls) on(file string, line int) (bool, error) {
	lines, ok := c[file]
	if !ok {
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return false, fmt.Errorf("fusecheck: %w", err)
		}
		lines = fmaLines(set, f)
		c[file] = lines
	}
	return lines[line], nil
}

func fmaLines(set *token.FileSet, f *ast.File) map[int]bool {
	lines, sums := map[int]bool{}, map[int]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			s, ok := n.Fun.(*ast.SelectorExpr)
			if ok && s.Sel.Name == "FMA" && isIdent(s.X, "math") {
				for l := set.Position(n.Pos()).Line; l <= set.Position(n.End()).Line; l++ {
					lines[l] = true
				}
			}
		case *ast.IndexExpr:
			return false
		case *ast.BinaryExpr:
			if n.Op == token.ADD || n.Op == token.SUB {
				sums[set.Position(n.OpPos).Line] = true
			}
		case *ast.AssignStmt:
			if n.Tok == token.ADD_ASSIGN || n.Tok == token.SUB_ASSIGN {
				sums[set.Position(n.TokPos).Line] = true
			}
		}
		return true
	})
	for l := range sums {
		delete(lines, l)
	}
	return lines
}

func isIdent(x ast.Expr, name string) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == name
}
