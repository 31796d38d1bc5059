//go:build unix

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// killedScaledDown gives a cluster in which a run was killed while the workload was
// scaled down, and the note that it has left is as old as told.
func killedScaledDown(t *testing.T, age time.Duration) *fakeCluster {
	t.Helper()
	c := startRun(t, to(nil, nil), "--scale-to", "1")
	c.cluster.replicas(t, 1)
	c.signal(t, os.Kill)
	<-c.ended
	c.cluster.backdate(t, age)
	return c.cluster
}

// backdate makes the note so old.
func (c *fakeCluster) backdate(t *testing.T, age time.Duration) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	annotations := c.at("metadata", "annotations").(map[string]any)
	var note map[string]any
	if err := json.Unmarshal([]byte(annotations["shutdowncheck.io/undo"].(string)), &note); err != nil {
		t.Fatal(err)
	}
	note["change"].(map[string]any)["at"] = time.Now().Add(-age)
	annotations["shutdowncheck.io/undo"] = encoded(note)
}

// restore calls the program, with the answers that a person types at a terminal; nil
// for nobody.
func (c *fakeCluster) restore(t *testing.T, terminal *os.File, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err strings.Builder
	cmd := exec.CommandContext(t.Context(), "shutdowncheck", append(append([]string{"restore"}, args...), "--kubeconfig", kubeconfig(t, c.url))...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &out, &err
	if terminal != nil {
		cmd.Stdin = terminal
	}
	_ = cmd.Run()
	return cmd.ProcessState.ExitCode(), out.String(), err.String()
}

func (c *fakeCluster) wantReplicas(t *testing.T, want int) {
	t.Helper()
	if replicas, note := c.state(); replicas != want || (note == nil) != (want == 2) {
		t.Errorf("%d replicas with note %v, want %d", replicas, note, want)
	}
}

// What is in doubt is put back only by somebody who has said so: where nobody can be
// asked, that is an error, and nothing is changed.
func TestRestoreInDoubt(t *testing.T) {
	t.Parallel()
	c := killedScaledDown(t, 48*time.Hour)
	code, stdout, stderr := c.restore(t, nil, "deployment/web")
	if code != exitError || !strings.Contains(stdout, "deployment/web in namespace default: replicas set back from 1 to 2 (run ") || !strings.Contains(stdout, "; in doubt: it is 48h0m0s old\n") {
		t.Errorf("exit code %d, %s", code, stdout)
	}
	if want := "deployment/web was not put back, for it is in doubt (it is 48h0m0s old); say --yes to put it back all the same\n"; !strings.Contains(stderr, want) {
		t.Errorf("%q is not in %s", want, stderr)
	}
	c.wantReplicas(t, 1)
	if code, stdout, stderr = c.restore(t, nil, "deployment/web", "--yes"); code != exitPassed || !strings.Contains(stdout, "replicas set back from 1 to 2") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	c.wantReplicas(t, 2)
}

// --all shows what is left, and changes nothing without --yes.
func TestRestoreAllOnlyShows(t *testing.T) {
	t.Parallel()
	for name, age := range map[string]time.Duration{"fresh": 0, "in doubt": 48 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := killedScaledDown(t, age)
			code, stdout, stderr := c.restore(t, nil, "--all")
			if code != exitPassed || !strings.Contains(stdout, "deployment/web in namespace default: replicas set back from 1 to 2 (run ") || !strings.Contains(stdout, "Nothing was changed.") {
				t.Errorf("exit code %d, %s%s", code, stdout, stderr)
			}
			c.wantReplicas(t, 1)
			if code, stdout, stderr = c.restore(t, nil, "--all", "--yes"); code != exitPassed {
				t.Errorf("exit code %d, %s%s", code, stdout, stderr)
			}
			c.wantReplicas(t, 2)
			if code, stdout, _ = c.restore(t, nil, "--all"); code != exitPassed || stdout != "nothing is left by any run in the whole cluster\n" {
				t.Errorf("exit code %d, %s", code, stdout)
			}
		})
	}
}

// Senders of a run that has left no note are not sought without the right to it, which is
// said where nothing else is found.
func TestRestoreWithoutTheRightToListJobs(t *testing.T) {
	t.Parallel()
	c := newFakeCluster(t)
	c.forbidden = "jobs"
	const want = "deployment/web bears nothing that has to be put back; whether a run that only observed it has left senders is not known: look for what runs have made: no right to list jobs\n"
	if code, stdout, stderr := c.restore(t, nil, "deployment/web"); code != exitPassed || stdout != want {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	killed := killedScaledDown(t, 0)
	killed.forbidden = "jobs"
	if code, stdout, stderr := killed.restore(t, nil, "deployment/web"); code != exitPassed || !strings.Contains(stdout, "replicas set back from 1 to 2") || strings.Contains(stdout, "not known") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	killed.wantReplicas(t, 2)
}
