package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// What deploy holds and what the documents show can be given to this program: the
// YAML parses, the commands are no bad usage, the check files can be read.
// Nothing of it gets as far as a cluster.
func TestExamplesAreAccepted(t *testing.T) {
	commands := map[string]int{}
	for _, file := range examples(t) {
		t.Run(strings.TrimPrefix(file.name, "../../"), func(t *testing.T) {
			t.Chdir(t.TempDir()) // for what the commands read and would write
			for _, text := range file.checks {
				c, err := check.Read(file.name, []byte(text))
				if err != nil {
					t.Error(err)
				}
				writeBodies(t, c)
				if err := os.WriteFile("check.yaml", []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, args := range file.commands {
				accepts(t, args)
				commands[file.name]++
			}
		})
	}
	for _, name := range []string{"job.yaml", "ci/argo-rollouts.yaml", "ci/flagger.yaml", "ci/github-actions.yaml", "ci/helm-test.yaml"} {
		if commands["../../deploy/"+name] == 0 {
			t.Errorf("no command was found in deploy/%s", name)
		}
	}
}

// writeBodies makes the files that the check's requests carry.
func writeBodies(t *testing.T, c check.Check) {
	t.Helper()
	for _, s := range c.Streams {
		if s.Body != nil && s.Body.File != "" {
			if err := os.WriteFile(s.Body.File, []byte("{}"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// accepts runs a command line where there is no cluster, and where the folders of
// recordings are empty. That is trouble; bad usage would be told before.
func accepts(t *testing.T, args []string) {
	t.Helper()
	if args[0] == "run" {
		// In front, as what stands behind a "--" belongs to another program.
		args = append([]string{"run", "--kubeconfig", "missing"}, args[1:]...)
	}
	if slices.Contains([]string{"report", "compare", "export"}, args[0]) {
		for _, folder := range args[1:] {
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	var stderr bytes.Buffer
	code := execute(t.Context(), args, streams{in: strings.NewReader(""), out: io.Discard, err: &stderr})
	if code == exitUsage || args[0] == "run" && (code != exitError || !strings.Contains(stderr.String(), "find the cluster")) {
		t.Errorf("shutdowncheck %s: exit code %d\n%s", strings.Join(args, " "), code, &stderr)
	}
}

// example is a file with what stands in it for this program.
type example struct {
	name     string
	commands [][]string
	checks   []string
}

func examples(t *testing.T) []example {
	t.Helper()
	var list []example
	add := func(name string, read func(*example, *testing.T, string)) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		e := example{name: name}
		read(&e, t, string(data))
		list = append(list, e)
	}
	err := filepath.WalkDir("../../deploy", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			if filepath.Ext(path) != ".yaml" {
				t.Errorf("%s is not looked at", path)
			} else {
				add(path, (*example).readYAML)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(documents, "../../README.md") {
		add(path, (*example).readMarkdown)
	}
	return list
}

var (
	// filledIn is what Helm, Argo Rollouts or GitHub put a value in the place of.
	filledIn = regexp.MustCompile(`\$?\{\{[^{}]*\}\}`)
	// fence is a block of a document, with the language that it is in.
	fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	// comment is the rest of a line that the shell passes over.
	comment = regexp.MustCompile(`(?m)\s#.*$`)
	// called is a command line in a script, with the lines that it goes on in. Lint
	// is left out, as it wants the files that it is given.
	called = regexp.MustCompile(`(?m)(?:^|[\s;&|(])shutdowncheck ((?:run|report|compare|restore|schema) (?:\\\n|[^|&;<>)\n])+)`)
)

func (e *example) readMarkdown(t *testing.T, text string) {
	for _, block := range fence.FindAllStringSubmatch(text, -1) {
		switch language, text := block[1], block[2]; language {
		case "yaml":
			e.readYAML(t, text)
		case "sh", "console":
			e.readScript(t, text)
		}
	}
}

func (e *example) readYAML(t *testing.T, text string) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", e.name, err)
		}
		var head struct {
			APIVersion string `yaml:"apiVersion"`
		}
		if document.Decode(&head) == nil && strings.HasPrefix(head.APIVersion, "shutdowncheck/") {
			e.checks = append(e.checks, text)
		}
		e.readNode(t, &document)
	}
}

// readNode finds the lists that are a command's arguments, the scripts that call
// it, and the files that are kept in a string.
func (e *example) readNode(t *testing.T, node *yaml.Node) {
	if node.Kind == yaml.SequenceNode && len(node.Content) > 0 && node.Content[0].Value == "run" {
		var args []string
		for _, arg := range node.Content {
			args = append(args, filledIn.ReplaceAllString(arg.Value, "x"))
		}
		e.commands = append(e.commands, args)
		return
	}
	if node.Kind == yaml.ScalarNode {
		if strings.Contains(node.Value, "apiVersion: shutdowncheck/") {
			e.checks = append(e.checks, node.Value)
		}
		e.readScript(t, node.Value)
	}
	for _, child := range node.Content {
		e.readNode(t, child)
	}
}

// readScript finds the command lines, as long as nothing in them is quoted.
func (e *example) readScript(t *testing.T, text string) {
	text = comment.ReplaceAllString(filledIn.ReplaceAllString(text, "x"), "")
	for _, call := range called.FindAllStringSubmatch(text, -1) {
		line := strings.ReplaceAll(call[1], "\\\n", " ")
		if strings.ContainsAny(line, "'\"$`") {
			t.Errorf("%s: this test does not know what the shell makes of: %s", e.name, line)
			continue
		}
		e.commands = append(e.commands, strings.Fields(line))
	}
}
