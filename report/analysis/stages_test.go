package analysis

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stages are the package's files in the order in which a recording passes through
// them.
var stages = []struct {
	name  string
	files []string
}{
	{"times", []string{"doc.go", "interval.go", "spans.go", "names.go", "count.go"}},
	{"events", []string{"senders.go", "clock.go", "kubeevent.go", "via.go", "endpoints.go", "interruption.go", "gaps.go"}},
	{"endings", []string{"requests.go", "controllers.go", "serves.go", "ending.go", "hooks.go", "sigterm.go", "others.go", "log.go", "restarts.go", "readiness.go", "history.go", "pods.go", "run.go", "disturbed.go"}},
	{"traffic", []string{"series.go", "failure.go", "completeness.go", "wording.go", "lookups.go", "by_sender.go", "unwritten.go", "underway.go", "carried.go", "redirects.go", "latency.go", "frontend.go", "window.go", "termination.go", "starts.go", "closedport.go", "rotation.go", "histogram.go", "sendtimes.go", "stream_tally.go", "load.go", "life.go", "traffic.go", "traffic_read.go", "traffic_take.go", "via_traffic.go", "pace.go"}},
	{"causes", []string{
		"spoken.go", "measured.go", "settings.go", "injected.go", "cause.go", "recipe.go", "cause_errors_while_draining.go", "cause_grace_too_short.go", "cause_keepalive_cut.go",
		"cause_keepalive_outlasts_grace.go",
		"cause_killed.go", "cause_listener_closed_early.go", "cause_no_capacity.go", "cause_no_drain.go", "cause_node.go",
		"cause_not_ready_yet.go", "cause_observation_gap.go", "cause_prestop_eats_grace.go", "cause_restarted.go",
		"cause_sigterm_ignored.go", "cause_unknown.go",
	}},
	{"attribution", []string{"shared_connection.go", "symptom.go", "other_endpoints.go", "starting.go", "warming.go", "queue.go", "kills.go", "let_go.go", "unread.go", "turned_away.go", "explanation.go", "spared.go", "behind.go", "holder.go", "outlived.go", "nearby.go", "conntrack.go", "unprompted.go", "attribution.go", "accounts.go"}},
	{"margins", []string{"margins.go"}},
	{"findings", []string{"finding.go", "finding_node.go", "evidence.go", "evidence_end.go", "evidence_gateway.go"}},
	{"advice", []string{"advice.go", "stay.go", "untested.go", "unknown_server.go", "warnings.go"}},
	{"conclusion", []string{"conclusion.go"}},
	{"verdict", []string{"unanswered.go", "away.go", "validity.go", "proof.go", "ends.go", "own_budgets.go", "latency_verdict.go", "paths.go", "verdict.go", "lint.go"}},
	{"picture", []string{"picture.go"}},
	{"contents", []string{"analyze.go"}},
}

// No stage uses a later one, or changes a value of an earlier one's types.
func TestNoWayBackBetweenStages(t *testing.T) {
	files := token.NewFileSet()
	rank := map[string]int{}
	var parsed []*ast.File
	for i, stage := range stages {
		for _, name := range stage.files {
			rank[name] = i
			file, err := parser.ParseFile(files, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, file)
		}
	}
	found, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		if _, ok := rank[name]; !ok && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s belongs to no stage", name)
		}
	}
	for _, way := range waysBack(t, files, parsed, rank) {
		t.Error(way)
	}
}

// The test above finds what it looks for.
func TestAWayBackIsFound(t *testing.T) {
	files := token.NewFileSet()
	var parsed []*ast.File
	for name, source := range map[string]string{
		"first.go":  "package p\ntype value struct{ n int }\nfunc one() value { return value{two()} }\n",
		"second.go": "package p\nfunc two() int { v := one(); v.n++; v.n, _ = 2, &v.n; return v.n }\n",
	} {
		file, err := parser.ParseFile(files, name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
	}
	want := []string{
		"first.go:3:33: contents uses two of a later stage, verdict",
		"second.go:2:30: verdict changes n, which an earlier stage, contents, has made",
		"second.go:2:37: verdict changes n, which an earlier stage, contents, has made",
	}
	got := waysBackAmong(t, files, parsed, map[string]int{"first.go": 0, "second.go": 1}, []string{"contents", "verdict"}, nil)
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

func waysBack(t *testing.T, files *token.FileSet, parsed []*ast.File, rank map[string]int) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports := map[string]string{}
	for line := range bytes.Lines(out) {
		path, file, _ := strings.Cut(strings.TrimSpace(string(line)), "\t")
		exports[path] = file
	}
	imports := importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	var names []string
	for _, stage := range stages {
		names = append(names, stage.name)
	}
	return waysBackAmong(t, files, parsed, rank, names, imports)
}

func waysBackAmong(t *testing.T, files *token.FileSet, parsed []*ast.File, rank map[string]int, names []string, imports types.Importer) []string {
	t.Helper()
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	checker := types.Config{Importer: imports}
	pkg, err := checker.Check("analysis", files, parsed, info)
	if err != nil {
		t.Fatal(err)
	}
	stageOf := func(at token.Pos) int { return rank[files.Position(at).Filename] }
	var ways []string
	changed := func(target ast.Expr) {
		field, ok := target.(*ast.SelectorExpr)
		if !ok {
			return
		}
		object := info.Uses[field.Sel]
		if object.Pkg() == pkg && stageOf(object.Pos()) < stageOf(target.Pos()) {
			ways = append(ways, fmt.Sprintf("%s: %s changes %s, which an earlier stage, %s, has made",
				files.Position(target.Pos()), names[stageOf(target.Pos())], object.Name(), names[stageOf(object.Pos())]))
		}
	}
	for _, file := range parsed {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if object := info.Uses[n]; object != nil && object.Pkg() == pkg && stageOf(object.Pos()) > stageOf(n.Pos()) {
					ways = append(ways, fmt.Sprintf("%s: %s uses %s of a later stage, %s",
						files.Position(n.Pos()), names[stageOf(n.Pos())], object.Name(), names[stageOf(object.Pos())]))
				}
			case *ast.AssignStmt:
				for _, target := range n.Lhs {
					changed(target)
				}
			case *ast.IncDecStmt:
				changed(n.X)
			}
			return true
		})
	}
	slices.Sort(ways)
	return ways
}
