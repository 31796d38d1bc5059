// Package arrows keeps the direction in which the packages of this module may
// know each other. The linter holds the same rules for direct imports, tests
// included; this test also follows the indirect ones.
package arrows

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const house = "github.com/shutdowncheck/shutdowncheck/"

// rule says what one package may know. Names of the house stand for one package
// each, without the prefix; others stand for a package and all below it.
type rule struct {
	pkg string
	// house and modules are all that it may import besides the standard library.
	house   []string
	modules []string
	// direct is what it may not import itself, never what it may not even reach
	// through others.
	direct []string
	never  []string
	reason string
}

// Modules that stand for a whole side of the program.
var (
	kubernetes  = []string{"k8s.io", "sigs.k8s.io"}
	commandLine = []string{"github.com/spf13", "k8s.io/cli-runtime"}
	load        = []string{"github.com/tsenart/vegeta"}
	anyModule   = []string{""}
)

// analysis knows why requests failed; who only reads reports does without it.
const analysis = house + "report/analysis"

var rules = []rule{
	{
		pkg:     "check",
		house:   []string{"balancer"},
		modules: []string{"go.yaml.in/yaml", "golang.org/x/net/http/httpguts"},
		never:   slices.Concat(kubernetes, commandLine, load),
		reason:  "the spec is the ground that all others stand on, so it stands on none of them",
	},
	{
		pkg:     "recording",
		house:   []string{"check", "internal/guard"},
		modules: []string{"github.com/parquet-go/parquet-go"},
		never:   slices.Concat(kubernetes, commandLine, load),
		reason:  "it can be read where there is neither a cluster nor any traffic",
	},
	{
		pkg:     "attack",
		house:   []string{"check", "recording", "internal/guard"},
		modules: anyModule,
		never:   slices.Concat(kubernetes, commandLine),
		reason:  "the traffic must not know what is done to the service, or it could spare it",
	},
	{
		pkg:    "sender",
		house:  []string{"attack", "check", "recording", "internal/guard", "internal/stall"},
		never:  slices.Concat(kubernetes, commandLine),
		direct: load,
		reason: "it sends what it is told to, and knows nothing of the cluster it does that in",
	},
	{
		pkg:     "fleet",
		house:   []string{"check", "recording", "sender", "internal/guard", "internal/label", "internal/retry", "internal/shell"},
		modules: anyModule,
		direct:  slices.Concat(commandLine, load),
		never:   []string{house + "chaos", house + "timeline", house + "experiment", house + "report"},
		reason:  "it brings the traffic into the cluster, whatever is done there and whatever it means",
	},
	{
		pkg:     "chaos",
		house:   []string{"check", "recording", "internal/guard", "internal/label", "internal/retry", "internal/shell"},
		modules: anyModule,
		direct:  commandLine,
		never:   load,
		reason:  "what is done to the workload must depend on the check alone, not on the traffic or on flags",
	},
	{
		pkg:     "timeline",
		house:   []string{"check", "manifest", "recording", "internal/guard"},
		modules: anyModule,
		direct:  commandLine,
		never:   load,
		reason:  "it is a witness: it sees what the cluster did and knows nothing of what was done to it",
	},
	{
		pkg:     "control",
		house:   []string{"check", "internal/label", "internal/retry", "internal/shell"},
		modules: anyModule,
		direct:  commandLine,
		never:   slices.Concat(load, []string{house + "chaos", house + "timeline"}),
		reason:  "the known-bad service must owe nothing to what is to catch it",
	},
	{
		pkg:     "experiment",
		house:   []string{"attack", "chaos", "check", "fleet", "recording", "sender", "timeline", "internal/binomial", "internal/guard", "internal/retry", "internal/stall", "internal/text"},
		modules: anyModule,
		direct:  slices.Concat(commandLine, load),
		never:   []string{house + "report"},
		reason:  "a run brings the producers together and records; what it means and how it is called is not its business",
	},
	{
		pkg:     "tune",
		house:   []string{"chaos", "check", "experiment", "manifest", "recording", "report", "report/analysis", "internal/patch", "internal/retry", "internal/shell", "internal/text"},
		modules: anyModule,
		direct:  slices.Concat(commandLine, load),
		reason:  "it orders runs and reads their reports; flags and folders are the program's",
	},
	{
		pkg:    "report",
		house:  []string{"check", "recording", "internal/text"},
		never:  slices.Concat(kubernetes, commandLine, load, []string{analysis}),
		reason: "a report is what was found out, not how",
	},
	{
		pkg:     "report/analysis",
		house:   []string{"balancer", "check", "recording", "report", "internal/binomial", "internal/patch", "internal/shell", "internal/text"},
		modules: []string{"github.com/HdrHistogram/hdrhistogram-go"},
		never:   slices.Concat(kubernetes, commandLine, load),
		reason:  "a report is made of a recording alone, so that an old one can be judged anew",
	},
	{
		pkg:    "report/render",
		house:  []string{"check", "internal/junit", "internal/markdown", "internal/shell", "internal/text", "report"},
		never:  slices.Concat(kubernetes, commandLine, load, []string{analysis}),
		reason: "a format shows what the report says and finds out nothing by itself",
	},
	{
		pkg:     "export",
		house:   []string{"recording"},
		modules: load,
		never:   slices.Concat(kubernetes, commandLine),
		reason:  "other tools' formats are made of a recording alone",
	},
	{
		pkg:     "lint",
		house:   []string{"balancer", "internal/junit", "internal/markdown", "internal/patch", "internal/shell", "internal/text", "internal/yamlpatch", "manifest", "manifest/script", "manifest/validation", "recording", "report"},
		modules: []string{"k8s.io/api", "k8s.io/apimachinery", "go.yaml.in/yaml", "golang.org/x/text", "sigs.k8s.io/json", "sigs.k8s.io/yaml"},
		never:   slices.Concat(commandLine, load, []string{"k8s.io/client-go", analysis}),
		reason:  "the rules know manifests, the names of the causes, and what a run keeps of them; they never ask a cluster",
	},
	{
		pkg:    "balancer",
		reason: "what is known of balancers is the same for a manifest and for a run",
	},
	{
		pkg:     "manifest/script",
		modules: []string{"mvdan.cc/sh"},
		never:   slices.Concat(commandLine, load, kubernetes),
		reason:  "a script is judged by its words alone, and nothing of it is run",
	},
	{
		pkg:     "manifest/validation",
		house:   []string{"internal/patch"},
		modules: []string{"k8s.io/api", "k8s.io/apimachinery"},
		never:   slices.Concat(commandLine, load, []string{"k8s.io/client-go"}),
		reason:  "what is refused depends on the object alone, and no server is asked",
	},
	{
		pkg:     "manifest",
		house:   []string{"check", "manifest/script"},
		modules: []string{"k8s.io/api", "k8s.io/apimachinery"},
		never:   slices.Concat(commandLine, load, []string{"k8s.io/client-go"}),
		reason:  "a template says the same to all who read it, and nobody is asked",
	},
	{
		pkg:    "image",
		reason: "an image is made of a program alone, whoever it is for",
	},
	{
		pkg:     "image/kind",
		house:   []string{"image", "internal/text"},
		modules: []string{"k8s.io/api", "k8s.io/apimachinery"},
		never:   slices.Concat(commandLine, load, []string{"k8s.io/client-go"}),
		reason:  "it brings an image to nodes that others have found, and asks only the engine",
	},
	{
		pkg:    "internal/binomial",
		reason: "it counts, and knows nothing of what",
	},
	{
		pkg:    "internal/guard",
		reason: "what everyone may lean on leans on nothing",
	},
	{
		pkg:     "internal/kustomize",
		modules: []string{"sigs.k8s.io/kustomize", "sigs.k8s.io/yaml"},
		never:   slices.Concat(commandLine, load, []string{"k8s.io/client-go"}),
		reason:  "it builds what a folder holds, whatever that is for",
	},
	{
		pkg:     "internal/label",
		modules: []string{"k8s.io/apimachinery"},
		reason:  "a name is not to be had in two versions",
	},
	{
		pkg:    "internal/patch",
		reason: "a patch is made alike from a manifest and from a run, so it knows neither",
	},
	{
		pkg:     "internal/patch/patchtest",
		house:   []string{"internal/patch", "manifest/validation"},
		modules: []string{"k8s.io/api", "k8s.io/apimachinery"},
		reason:  "it stands for the API server, and must not know who made a patch",
	},
	{
		pkg:     "internal/retry",
		modules: append([]string{"golang.org/x/net/http2"}, kubernetes...),
		reason:  "it knows what an API server and the way to it can fail with, not what is asked of it",
	},
	{
		pkg:     "internal/shell",
		modules: []string{"al.essio.dev/pkg/shellescape"},
		reason:  "all who print a command quote it here, so it knows none of them",
	},
	{
		pkg:    "internal/stall",
		house:  []string{"check", "recording", "internal/cputime", "internal/guard"},
		never:  slices.Concat(kubernetes, commandLine, load),
		reason: "it watches the process it is in, whatever that sends or changes",
	},
	{
		pkg:    "internal/text",
		reason: "all who write for people use it, so it knows none of them",
	},
	{
		pkg:    "internal/junit",
		house:  []string{"internal/text"},
		reason: "results are written alike, whatever was tested",
	},
	{
		pkg:    "internal/markdown",
		house:  []string{"internal/text"},
		reason: "a comment is written alike, whatever it is about",
	},
	{
		pkg:     "internal/schema",
		modules: []string{"github.com/invopop/jsonschema", "github.com/santhosh-tekuri/jsonschema"},
		reason:  "it makes schemas of any model and judges by any; what they are of is not its business",
	},
	{
		pkg:    "internal/schema/schematest",
		house:  []string{"internal/schema"},
		reason: "it tests a schema of any model",
	},
	{
		pkg:    "internal/synthetic",
		house:  []string{"check", "recording"},
		never:  slices.Concat(kubernetes, commandLine, load),
		reason: "it writes what a run might have seen, and must not know what will be made of it",
	},
	{
		pkg:    "internal/synthetic/cmd/synthetic",
		house:  []string{"internal/synthetic"},
		reason: "it is the generator's command line and nothing else",
	},
	{
		pkg:     "internal/fakecluster",
		modules: kubernetes,
		reason:  "it stands for a cluster, and must not know what is expected of one",
	},
	{
		pkg:     "internal/cputime",
		modules: []string{"golang.org/x/sys"},
		reason:  "it asks the system what the process has used, whatever for",
	},
	{
		pkg:    "internal/fakeprogram",
		reason: "it stands for a program, and must not know what is expected of one",
	},
	{
		pkg:    "internal/procfs",
		reason: "it reads a file system, in a helper that knows of nothing else",
	},
	{
		pkg:     "internal/realtime",
		house:   []string{"internal/procfs"},
		modules: []string{"golang.org/x/sys"},
		reason:  "it tells the kernel which process goes first, whatever that does",
	},
	{
		pkg:     "internal/yamlpatch",
		modules: []string{"go.yaml.in/yaml", "sigs.k8s.io/yaml"},
		reason:  "it changes a text, whatever that describes",
	},
	{
		pkg:     "internal/victim",
		modules: []string{"google.golang.org/grpc"},
		reason:  "the sample service must not know what is looked for, or it could oblige",
	},
	{
		pkg:    "internal/victim/cmd/victim",
		house:  []string{"internal/victim"},
		reason: "it is the sample service's process and nothing else",
	},
	{
		pkg:     "cmd/shutdowncheck",
		house:   []string{"chaos", "check", "control", "experiment", "export", "fleet", "image", "image/kind", "internal/guard", "internal/kustomize", "internal/procfs", "internal/shell", "internal/text", "internal/victim", "lint", "recording", "report", "report/analysis", "report/render", "sender", "tune"},
		modules: anyModule,
		direct:  load,
		reason:  "the edge reads flags and finds the cluster; traffic and watches are begun by the run",
	},
	{
		pkg:     "matrix",
		house:   []string{"check", "experiment", "internal/label", "internal/realtime", "internal/schema", "internal/victim", "matrix/witness", "report", "report/render"},
		modules: kubernetes,
		direct:  slices.Concat(commandLine, load),
		never:   []string{analysis},
		reason:  "it tries the program from outside, and asks it only for the rights that a run takes",
	},
	{
		pkg:     "bench",
		house:   []string{"attack", "check", "recording", "internal/synthetic"},
		modules: load,
		reason:  "it measures the engine as a run uses it, and the program from outside",
	},
	{
		pkg:    "bench/cmd/bench",
		house:  []string{"bench"},
		reason: "it is the bench's flags and processes",
	},
	{
		pkg:    "matrix/witness",
		house:  []string{"internal/victim", "recording", "report"},
		never:  slices.Concat(commandLine, load, []string{"k8s.io/client-go", analysis}),
		reason: "what really happened is read from the services' own logs, not from the cluster",
	},
	{
		pkg:     "matrix/cmd/matrix",
		house:   []string{"check", "matrix", "matrix/witness"},
		modules: kubernetes,
		reason:  "the edge reads flags and finds the cluster",
	},
	{
		pkg:    "matrix/cmd/proxylag",
		house:  []string{"matrix/witness", "report"},
		never:  slices.Concat(commandLine, load, []string{"k8s.io/client-go", analysis}),
		reason: "it measures what the analysis takes for granted, from what the matrix has kept",
	},
	{
		pkg:    "e2e",
		reason: "the tests in it use the program as everybody does, from outside",
	},
	{
		pkg:    "internal/arrows",
		reason: "it looks at the others from outside",
	},
}

// listed is a package as go list tells it.
type listed struct {
	ImportPath string
	Dir        string
	Standard   bool
	Imports    []string
	Deps       []string
}

func TestArrows(t *testing.T) {
	packages := list(t)
	for _, p := range packages {
		name, ours := strings.CutPrefix(p.ImportPath, house)
		if !ours {
			continue
		}
		i := slices.IndexFunc(rules, func(r rule) bool { return r.pkg == name })
		if i < 0 {
			t.Errorf("no rule says what %s may import", name)
			continue
		}
		r := rules[i]
		for _, path := range p.Imports {
			if !r.allows(packages[path]) || anyBelow(path, r.direct) {
				t.Errorf("%s imports %s: %s", name, path, r.reason)
			}
		}
		for _, path := range p.Deps {
			if anyBelow(path, r.never) {
				t.Errorf("%s reaches %s: %s", name, path, r.reason)
			}
		}
	}
}

func (r *rule) allows(p listed) bool {
	if name, ours := strings.CutPrefix(p.ImportPath, house); ours {
		return slices.Contains(r.house, name)
	}
	return p.Standard || anyBelow(p.ImportPath, r.modules)
}

// anyBelow tells whether path is one of the names or lies below one.
func anyBelow(path string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return name == "" || path == name || strings.HasPrefix(path, name+"/")
	})
}

// list gives the module's packages and all that they depend on.
func list(t *testing.T) map[string]listed {
	t.Helper()
	const root = "../.."
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Dir,Standard,Imports,Deps", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	packages := map[string]listed{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
	watch(t, root, packages)
	return packages
}

// watch makes go test forget that this test has passed once a source changes:
// it looks at the files that the test itself has opened, and go list opens them
// in a process of its own.
func watch(t *testing.T, root string, packages map[string]listed) {
	t.Helper()
	dirs := []string{root}
	for path, p := range packages {
		if strings.HasPrefix(path, house) {
			dirs = append(dirs, p.Dir, filepath.Dir(p.Dir))
		}
	}
	for _, dir := range dirs {
		if _, err := os.ReadDir(dir); err != nil {
			t.Fatal(fmt.Errorf("look for changes: %w", err))
		}
	}
}
