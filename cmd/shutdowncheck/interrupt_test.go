package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A signal that comes while the cluster keeps the program waiting, before
// anything has begun, ends it at once and leaves nothing behind.
func TestInterruptedBeforeTheRun(t *testing.T) {
	t.Parallel()
	commands := map[string][]string{
		"run":     {"run", "deployment/web", "--url", "http://127.0.0.1:1/"},
		"dry run": {"run", "deployment/web", "--url", "http://127.0.0.1:1/", "--dry-run"},
		"restore": {"restore", "deployment/web"},
	}
	for name, args := range commands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan struct{})
			silent := silentServer(t, sync.OnceFunc(func() { close(asked) }))
			var stdout, stderr strings.Builder
			cmd := exec.CommandContext(t.Context(), "shutdowncheck", append(args, "--kubeconfig", kubeconfig(t, silent))...)
			cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &stdout, &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-asked:
			case <-t.Context().Done():
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
			exit, ok := errors.AsType[*exec.ExitError](cmd.Wait())
			if !ok || exit.ExitCode() != exitInterrupted {
				t.Errorf("ended with %v", exit)
			}
			if stdout.Len() > 0 || strings.Count(stderr.String(), "\n") != 1 || !strings.HasPrefix(stderr.String(), "shutdowncheck: interrupted") {
				t.Errorf("stdout %q, stderr %q", stdout.String(), stderr.String())
			}
			if left, err := os.ReadDir(cmd.Dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// silentServer answers nothing; it calls asked when it is asked.
func silentServer(t *testing.T, asked func()) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked()
		// Only with the body read does the server see that its client has gone.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(server.Close)
	return server.URL
}

func kubeconfig(t *testing.T, server string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: %q}}]
users: [{name: test, user: {}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
current-context: test
`, server)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
