package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// workflow is what the tests look at in a workflow of GitHub Actions.
type workflow struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Steps       []struct {
			Uses, Run string
			With      map[string]string
		}
	}
}

// workflows reads the example and the project's own.
func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	paths, err := filepath.Glob("../../.github/workflows/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("the project's workflows: %v, %v", paths, err)
	}
	list := map[string]workflow{}
	for _, path := range append(paths, "../../deploy/ci/github-actions.yaml") {
		var w workflow
		data, err := os.ReadFile(path)
		if err == nil {
			err = yaml.Unmarshal(data, &w)
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		list[path] = w
	}
	return list
}

// uses is a line that names somebody's action.
var uses = regexp.MustCompile(`(?m)^\s*(?:- )?uses:(.*)$`)

// pinned is a commit, and the version that it is for those who read it.
var pinned = regexp.MustCompile(`^ [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$`)

// A tag can be moved to other code; a commit can not.
func TestActionsArePinned(t *testing.T) {
	for path := range workflows(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := uses.FindAllStringSubmatch(string(data), -1)
		if len(found) == 0 {
			t.Errorf("%s uses no action", path)
		}
		for _, line := range found {
			if !pinned.MatchString(line[1]) {
				t.Errorf("%s:%s is not pinned by a commit with its version behind it", path, line[1])
			}
		}
	}
}

// The workflow itself has no rights; each job names its own. A job that runs what
// is checked out only reads, and leaves no token behind for it; one that may
// write runs nothing of that.
func TestJobsHaveTheRightsTheyNeed(t *testing.T) {
	for path, w := range workflows(t) {
		if w.Permissions == nil || len(w.Permissions) > 0 {
			t.Errorf("%s: the workflow's own rights are %v, want {}", path, w.Permissions)
		}
		for name, job := range w.Jobs {
			if job.Permissions == nil {
				t.Errorf("%s: job %s does not say what rights it needs", path, name)
			}
			for _, step := range job.Steps {
				if !strings.HasPrefix(step.Uses, "actions/checkout@") {
					continue
				}
				if !maps.Equal(job.Permissions, map[string]string{"contents": "read"}) {
					t.Errorf("%s: job %s runs what is checked out with the rights %v", path, name, job.Permissions)
				}
				if step.With["persist-credentials"] != "false" {
					t.Errorf("%s: job %s leaves its token with what is checked out", path, name)
				}
			}
		}
	}
}

// What GitHub puts in the place of ${{ }} is part of the script, whoever wrote it.
func TestScriptsTakeValuesFromTheEnvironment(t *testing.T) {
	for path, w := range workflows(t) {
		for name, job := range w.Jobs {
			for _, step := range job.Steps {
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s: job %s has a script with ${{ in it:\n%s", path, name, step.Run)
				}
			}
		}
	}
}

// A pull request from a fork's branch "main" is a run of a branch "main", too:
// only runs of a push are the repository's own.
func TestBaseIsARunOfAPush(t *testing.T) {
	lists := 0
	for _, job := range workflows(t)["../../deploy/ci/github-actions.yaml"].Jobs {
		for _, step := range job.Steps {
			for line := range strings.Lines(step.Run) {
				if _, call, ok := strings.Cut(line, "gh run list"); ok {
					lists++
					args := strings.Fields(call)
					if at := slices.Index(args, "--event"); at < 0 || args[at+1] != "push" {
						t.Errorf("the base is any event's: gh run list%s", call)
					}
				}
			}
		}
	}
	if lists != 1 {
		t.Errorf("gh run list is called %d times, want once", lists)
	}
}
