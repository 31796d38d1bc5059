//go:build unix

package kind_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/shutdowncheck/shutdowncheck/image"
	"github.com/shutdowncheck/shutdowncheck/image/kind"
	"github.com/shutdowncheck/shutdowncheck/internal/fakeprogram"
)

// fake is a container engine's command line on PATH, in the test's own folder. Each
// call leaves a line in the file called calls, and what an import reads in its own file.
type fake struct{ dir string }

// The nodes are those of its cluster; what a node has is what was imported to it.
const fakeEngine = `#!/bin/sh
echo "$*" >>"$0.calls"
last=
for word; do last=$word; done
case "$*" in
ps*) echo web-control-plane; echo web-worker ;;
*"images import"*)
  [ -e "$0.refuse" ] && { echo 'level=info msg="trying"' >&2; cat "$0.refuse" >&2; exit 1; }
  [ -e "$0.hang" ] && sleep 20 # outlives this script, with its streams
  cat >"$0.stdin"
  [ -e "$0.forget" ] || touch "$0.has" ;;
*"images ls"*) [ -e "$0.has" ] && echo "${last#name==}" ;;
esac
exit 0
`

func newFake(t *testing.T, name string) fake {
	t.Helper()
	f := fake{dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(fakeEngine), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", f.dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return f
}

func (f fake) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (f fake) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func node(name, providerID string) corev1.Node {
	return corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.NodeSpec{ProviderID: providerID},
		Status:     corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{Architecture: "amd64"}},
	}
}

func find(t *testing.T, engine string) *kind.Cluster {
	t.Helper()
	c, err := kind.Find(t.Context(), "web", []corev1.Node{
		node("web-control-plane", "kind://"+engine+"/web/web-control-plane"), node("web-worker", "kind://"+engine+"/web/web-worker"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func madeImage(t *testing.T) *image.Image {
	t.Helper()
	program := fakeprogram.Tool().ELF()
	i, err := image.Of(bytes.NewReader(program), int64(len(program)))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestLoad(t *testing.T) {
	for _, engine := range []string{"docker", "podman", "nerdctl"} {
		t.Run(engine, func(t *testing.T) {
			f, i := newFake(t, engine), madeImage(t)
			c := find(t, engine)
			if len(c.Nodes) != 2 || c.Nodes[1] != (kind.Node{Name: "web-worker", Architecture: "amd64"}) {
				t.Errorf("nodes %+v", c.Nodes)
			}
			has := func(want bool) {
				t.Helper()
				if got, err := c.Has(t.Context(), "web-worker", i); err != nil || got != want {
					t.Errorf("has the image: %v, %v", got, err)
				}
			}
			has(false)
			if err := c.Load(t.Context(), "web-worker", i); err != nil {
				t.Fatal(err)
			}
			has(true)
			var archive bytes.Buffer
			if err := i.WriteArchive(&archive); err != nil {
				t.Fatal(err)
			}
			if f.read(t, engine+".stdin") != archive.String() {
				t.Error("what came in is not the archive")
			}
			list := "exec --privileged web-worker ctr --namespace=k8s.io images ls -q name==" + i.FullName() + "\n"
			want := "ps --filter label=io.x-k8s.kind.cluster=web --format {{.Names}}\n" + list +
				"exec --privileged -i web-worker ctr --namespace=k8s.io images import --all-platforms --no-unpack -\n" + list + list
			if got := f.read(t, engine+".calls"); got != want {
				t.Errorf("called with\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// The engine's own words are the reason, and the last of them at that.
func TestLoadThatFails(t *testing.T) {
	f, i := newFake(t, "docker"), madeImage(t)
	c := find(t, "docker")
	f.write(t, "docker.refuse", "ctr: failed to copy: no space left\x1b[31m on device\n\n")
	err := c.Load(t.Context(), "web-worker", i)
	if want := "load the image to node web-worker: ctr: failed to copy: no space left\ufffd[31m on device (exit status 1)"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestLoadIsLookedAfter(t *testing.T) {
	f, i := newFake(t, "docker"), madeImage(t)
	c := find(t, "docker")
	f.write(t, "docker.forget", "")
	if err := c.Load(t.Context(), "web-worker", i); err == nil || err.Error() != "load the image to node web-worker: it is not there afterwards" {
		t.Errorf("%v", err)
	}
}

// Neither an engine that reads nothing nor what it has begun keeps anybody waiting.
func TestLoadEnds(t *testing.T) {
	f := newFake(t, "docker")
	f.write(t, "docker.hang", "")
	c := find(t, "docker")
	program := append(fakeprogram.Tool().ELF(), make([]byte, 1<<20)...) // more than a pipe holds
	i, err := image.Of(bytes.NewReader(program), int64(len(program)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := c.Load(ctx, "web-worker", i); err == nil || !strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
		t.Errorf("%v", err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestFindRefuses(t *testing.T) {
	newFake(t, "docker")
	good := node("web-worker", "kind://docker/web/web-worker")
	for _, c := range []struct {
		name  string
		nodes []corev1.Node
		want  string
	}{
		{"no nodes", nil, "the cluster has no nodes"},
		{"another provider", []corev1.Node{good, node("ip-1", "aws:///eu/i-1")}, `node "ip-1" is none of a kind cluster called "web": its provider is "aws:///eu/i-1"`},
		{"no provider", []corev1.Node{node("a", "")}, `node "a" is none of a kind cluster called "web": its provider is ""`},
		{"another cluster's", []corev1.Node{node("a", "kind://docker/other/a")}, `node "a" is none of a kind cluster called "web": its provider is "kind://docker/other/a"`},
		{"two providers", []corev1.Node{good, node("a", "kind://podman/web/a")}, `node "a" is none of a kind cluster called "web": its provider is "kind://podman/web/a"`},
		{"no engine", []corev1.Node{node("a", "kind://sh/web/a")}, `node "a" is none of a kind cluster called "web": its provider is "kind://sh/web/a"`},
		{"an option", []corev1.Node{node("a", "kind://docker/web/--env=A")}, `node "a" is none of a kind cluster called "web": its provider is "kind://docker/web/--env=A"`},
		{"a container of somebody's", []corev1.Node{good, node("a", "kind://docker/web/database")}, `docker knows no running node "database" of a kind cluster called "web"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := kind.Find(t.Context(), "web", c.nodes); err == nil || err.Error() != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestFindWithoutAnEngine(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := kind.Find(t.Context(), "web", []corev1.Node{node("a", "kind://podman/web/a")})
	if want := `find the engine of the kind cluster: exec: "podman": executable file not found in $PATH`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestNamed(t *testing.T) {
	for context, want := range map[string]string{"kind-web": "web", "kind-kind": "kind", "minikube": "", "": "", "my-kind-web": ""} {
		name, ok := kind.Named(context)
		if ok != (want != "") || ok && name != want {
			t.Errorf("%q: %q, %v", context, name, ok)
		}
	}
}
