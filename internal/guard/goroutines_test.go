package guard

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// changing are the packages whose goroutines live while a workload is changed, or load
// it from inside the cluster.
var changing = []string{"attack", "chaos", "cmd/shutdowncheck", "control", "experiment", "fleet", "internal/stall", "recording", "sender", "timeline"}

// elsewhere are goroutines that need no guard, by file, with the reason.
var elsewhere = map[string]string{
	"cmd/shutdowncheck/careless.go": "that is the control's own process, which changes nothing",
	"recording/read_ahead.go":       "a recording is read when its run is over; columns.load turns the decoder's panics into errors",
}

// A goroutine's function of those packages is a literal, and does nothing but
// under the guard: nobody above it can recover, and the workload would stay
// changed.
func TestEveryGoroutineIsGuarded(t *testing.T) {
	found := 0
	for _, pkg := range changing {
		paths, err := filepath.Glob(filepath.Join("..", "..", pkg, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s has no files (%v)", pkg, err)
		}
		for _, path := range paths {
			name := pkg + "/" + filepath.Base(path)
			if _, ok := elsewhere[name]; ok || strings.HasSuffix(path, "_test.go") {
				continue
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			all, bare := goroutines(file)
			found += all
			for _, at := range bare {
				t.Errorf("%s:%d begins a goroutine that does not run under guard.Call", name, files.Position(at).Line)
			}
		}
	}
	if found < 8 {
		t.Errorf("%d goroutines were found: they are no longer recognized", found)
	}
}

func TestGoroutinesAreRecognized(t *testing.T) {
	for body, want := range map[string]int{
		`go f()`:                                          1,
		`go func() { f() }()`:                             1,
		`wg.Go(f)`:                                        1,
		`wg.Go(func() { f() })`:                           1,
		`group.Go(func() error { return f() })`:           1,
		`time.AfterFunc(d, func() { f() })`:               1,
		`context.AfterFunc(ctx, func() { f() })`:          1,
		`wg.Go(func() { f(); err = guard.Call("x", f) })`: 1,
		`go func() { defer close(c); err := guard.Call("x", f); if err != nil { fail(err) } }()`: 0,
		`wg.Go(func() { errs[i] = guard.Call("x", f) })`:                                         0,
		`group.Go(func() error { return guard.Call("x", f) })`:                                   0,
		`go func() { defer guard.Catch("x", fail); f() }()`:                                      0,
		`go func() { defer guard.Catch("x", fail); defer close(c); f() }()`:                      0,
		`for s := range c { go func() { for s := range c { err := guard.Call("x", f) } }() }`:    0,
		`context.AfterFunc(ctx, stop)`:                                                           0,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc x() {\n"+body+"\n}", parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if _, bare := goroutines(file); len(bare) != want {
			t.Errorf("%s: %d without a guard, want %d", body, len(bare), want)
		}
	}
}

// goroutines counts those that a file begins and gives the places of those that
// are not guarded. What others' functions do as goroutines of a context or timer is
// theirs.
func goroutines(file *ast.File) (all int, bare []token.Pos) {
	ast.Inspect(file, func(n ast.Node) bool {
		var do ast.Expr
		switch n := n.(type) {
		case *ast.GoStmt:
			do = n.Call.Fun
		case *ast.CallExpr:
			method, ok := n.Fun.(*ast.SelectorExpr)
			switch {
			case !ok || len(n.Args) == 0:
				return true
			case method.Sel.Name == "Go":
				do = n.Args[len(n.Args)-1]
			case method.Sel.Name == "AfterFunc":
				if do, ok = n.Args[len(n.Args)-1].(*ast.FuncLit); !ok {
					return true
				}
			default:
				return true
			}
		default:
			return true
		}
		all++
		if literal, ok := do.(*ast.FuncLit); !ok || !guarded(literal.Body.List) {
			bare = append(bare, n.Pos())
		}
		return true
	})
	return all, bare
}

// guarded tells whether the first thing that is done calls the guard, or a deferred
// Catch stands above all.
func guarded(body []ast.Stmt) bool {
	for _, statement := range body {
		deferred, ok := statement.(*ast.DeferStmt)
		switch {
		case !ok:
			if loop, ok := statement.(*ast.RangeStmt); ok {
				return guarded(loop.Body.List)
			}
			return calls(statement, "Call")
		case calls(deferred, "Catch"):
			return true
		}
	}
	return false
}

func calls(n ast.Node, function string) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok && selector.Sel.Name == function {
			if pkg, ok := selector.X.(*ast.Ident); ok && pkg.Name == "guard" {
				found = true
			}
		}
		return !found
	})
	return found
}
