package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/shutdowncheck/shutdowncheck/internal/fakeprogram"
)

// scriptProgram writes an executable that tells of itself what the arguments say:
//
//	program FILE [OS=...] [Architecture=...] [Interpreter=...]
func scriptProgram(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: program FILE [FIELD=VALUE...]")
	}
	p := fakeprogram.Tool()
	for _, arg := range args[1:] {
		field, value, _ := strings.Cut(arg, "=")
		switch field {
		case "OS":
			p.OS = value
		case "Architecture":
			p.Architecture = value
		case "Interpreter":
			p.Interpreter = value
		default:
			ts.Fatalf("a program has no %s", field)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), p.ELF(), 0o755))
}

// scriptNodes brings up an API server with two nodes, and a kubeconfig for it:
//
//	nodes CONTEXT PROVIDER
func scriptNodes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: nodes CONTEXT PROVIDER")
	}
	server := httptest.NewServer(nodesOf(args[1], "amd64"))
	ts.Defer(server.Close)
	path := ts.MkAbs("kubeconfig")
	ts.Check(os.WriteFile(path, []byte(kubeconfigOf(args[0], server.URL)), 0o600))
	ts.Setenv("KUBECONFIG", path)
}

// nodesOf lists two nodes, whatever is asked for.
func nodesOf(provider, architecture string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var nodes []string
		for _, name := range []string{"web-control-plane", "web-worker"} {
			nodes = append(nodes, `{"metadata": {"name": "`+name+`"}, "spec": {"providerID": "`+provider+name+`"}, "status": {"nodeInfo": {"architecture": "`+architecture+`"}}}`)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(fakeList("v1", "NodeList", nodes...)))
	}
}

func kubeconfigOf(context, server string) string {
	return `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: "` + server + `"}}]
users: [{name: a, user: {}}]
contexts: [{name: ` + context + `, context: {cluster: a, user: a}}]
current-context: ` + context + `
`
}

// loadFrom asks for the image on a cluster of two nodes, with a docker of that script.
func loadFrom(t *testing.T, context, provider, docker string) (name, why, progress string, err error) {
	t.Helper()
	path := t.TempDir()
	t.Setenv("PATH", path)
	if docker != "" {
		if err := os.WriteFile(filepath.Join(path, "docker"), []byte("#!/bin/sh\n"+docker+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(nodesOf(provider, runtime.GOARCH))
	defer server.Close()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, []byte(kubeconfigOf(context, server.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := genericclioptions.NewConfigFlags(true)
	flags.KubeConfig = &kubeconfig
	cluster, err := connect(flags)
	if err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	name, why, err = loadedImage(t.Context(), cluster, contextName(flags), &told)
	return name, why, told.String(), err
}

// Where no image can be loaded, a run goes on with another one.
func TestNoLoadedImage(t *testing.T) {
	for _, c := range []struct {
		name, context, provider, docker string
		want                            string
	}{
		{
			name: "not called like kind's", context: "minikube", provider: "kind://docker/web/",
			want: "the cluster is none that this program can load its own to",
		},
		{
			name: "none of kind's", context: "kind-web", provider: "aws:///",
			want: `this program's own cannot be loaded to kind-web: node "web-control-plane" is none of a kind cluster called "web": its provider is "aws:///web-control-plane"`,
		},
		{
			name: "no engine", context: "kind-web", provider: "kind://docker/web/",
			want: `this program's own cannot be loaded to kind-web: find the engine of the kind cluster: exec: "docker": executable file not found in $PATH`,
		},
		{
			name: "an engine that is down", context: "kind-web", provider: "kind://docker/web/", docker: "echo 'Cannot connect to the Docker daemon' >&2; exit 1",
			want: "this program's own cannot be loaded to kind-web: ask for the containers of the kind cluster: Cannot connect to the Docker daemon (exit status 1)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			name, why, progress, err := loadFrom(t, c.context, c.provider, c.docker)
			if name != "" || err != nil || progress != "" || why != c.want {
				t.Errorf("%q, %v; told %q, because %q, want %q", name, err, progress, why, c.want)
			}
		})
	}
}

// On a kind cluster it is this very program that is loaded, and what keeps it from that is
// an error: the image that a run would wait for never comes.
func TestLoadedImageIsThisProgram(t *testing.T) {
	own, refusal := openProgram("", runtime.GOARCH) // a test that is not static is no program for an image
	name, why, progress, err := loadFrom(t, "kind-web", "kind://docker/web/", `case "$1" in ps) echo web-control-plane web-worker ;; *) echo "${9#name==}" ;; esac`)
	if progress != "" || why != "" {
		t.Errorf("%q; told %q", why, progress)
	}
	if refusal != nil {
		if name != "" || err == nil || err.Error() != refusal.Error() {
			t.Errorf("%q, %v, want %v", name, err, refusal)
		}
		return
	}
	defer own.close()
	if err != nil || name != own.image.Name {
		t.Errorf("%q, %v, want %q", name, err, own.image.Name)
	}
}
