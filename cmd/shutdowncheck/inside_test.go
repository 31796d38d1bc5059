package main

import (
	"bufio"
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Each of the flags has the requests sent from inside, and paths begin where the URL is
// found to lead.
func TestInsideFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]*check.Inside{
		"--url http://a/":                              nil,
		"--inside":                                     {Senders: 1},
		"--senders all":                                {Senders: check.EachNode},
		"--sender-image x:1":                           {Senders: 1, Image: "x:1"},
		"--inside --senders 3":                         {Senders: 3},
		"--inside=false --url http://a/":               nil,
		"--inside --slow slow?for=5s":                  {Senders: 1},
		"--inside --url http://a/ --slow /slow?for=5s": {Senders: 1},
	} {
		var f checkFlags
		var c check.Check
		cmd := &cobra.Command{Args: atMostOneWorkload, RunE: func(cmd *cobra.Command, args []string) (err error) {
			c, err = f.read(cmd, args)
			return err
		}}
		f.add(cmd.Flags())
		genericclioptions.NewConfigFlags(true).AddFlags(cmd.Flags())
		cmd.SetArgs(append([]string{"deployment/web"}, strings.Fields(args)...))
		if err := cmd.Execute(); err != nil {
			t.Errorf("%s: %v", args, err)
			continue
		}
		if (c.Inside == nil) != (want == nil) || want != nil && *c.Inside != *want {
			t.Errorf("%s: %+v, want %+v", args, c.Inside, want)
		}
		if strings.Contains(args, "slow") {
			wanted := "/slow?for=5s"
			if !c.WantsURL() {
				wanted = "http://a" + wanted
			}
			if got := c.Streams[2].URL; got != wanted {
				t.Errorf("%s: the slow stream asks %s, want %s", args, got, wanted)
			}
		}
	}
}

// Senders that are asked for and refused at once are a wrong call, and so is an address
// that inside the cluster is the sender's own.
func TestInsideFlagsThatContradict(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--inside=false --senders 2 --url http://a/":               "--inside=false and --senders, which implies --inside; want one of them",
		"--inside=false --sender-image x:1 --url http://a/":        "--inside=false and --sender-image, which implies --inside; want one of them",
		"--inside --url http://127.0.0.1:30080/":                   "--url: 127.0.0.1 is the sender itself, inside the cluster; leave it out, or give the service's own address",
		"--senders 2 --url http://a/ --slow http://localhost/slow": "--slow: localhost is the sender itself, inside the cluster; give the service's own address",
		"--inside --senders 3 --max-connections 2 --pool 1":        "--max-connections: 2 connections of 3 senders, of which each has one at least; want at least 3, or 0 for no limit",
	} {
		var out, err bytes.Buffer
		code := execute(t.Context(), append([]string{"run", "deployment/web"}, strings.Fields(args)...), streams{in: strings.NewReader(""), out: &out, err: &err})
		if code != exitUsage || !strings.HasPrefix(err.String(), "shutdowncheck: "+want+"\n") {
			t.Errorf("%s ends with %d:\n%s", args, code, err.String())
		}
	}
}

// Whoever gives no URL is told what there is, by a cluster that can be asked.
func TestWithoutAURLTheClusterIsAsked(t *testing.T) {
	t.Parallel()
	cluster := newFakeCluster(t)
	var out, err bytes.Buffer
	code := execute(t.Context(), []string{"run", "deployment/web", "--server", cluster.url}, streams{in: strings.NewReader(""), out: &out, err: &err})
	const want = "shutdowncheck: --url: missing; want an absolute URL such as http://127.0.0.1:30080/\n" +
		"shutdowncheck: nothing is seen to lead to deployment/web from outside the cluster\n" +
		"shutdowncheck: --inside needs no URL: it has the requests sent from inside the cluster, as in: shutdowncheck run deployment/web -n default --inside\n"
	if code != exitUsage || err.String() != want {
		t.Errorf("it ends with %d:\n%s", code, err.String())
	}
}

func TestSearchedDomain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:1\n": "cluster.local",
		"nameserver 10.96.0.10\n\nsearch shop.svc.corp.example svc.corp.example. corp.example":                    "corp.example",
		"search example\n": "",
		"":                 "",
	} {
		if got := searchedDomain(bufio.NewScanner(strings.NewReader(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// What only the cluster's services tell of a check is a wrong call, and nothing is made.
func TestInsideWithoutAService(t *testing.T) {
	t.Parallel()
	cluster := newFakeCluster(t)
	var out, err bytes.Buffer
	code := execute(t.Context(), []string{"run", "deployment/web", "--inside", "--out", t.TempDir(), "--server", cluster.url}, streams{in: strings.NewReader(""), out: &out, err: &err})
	const want = "shutdowncheck: --url: no service selects the pods of deployment/web; want the URL that the requests go to\n"
	if code != exitUsage || err.String() != want {
		t.Errorf("it ends with %d:\n%s", code, err.String())
	}
}

// In a pod the senders get its image; elsewhere, where none can be loaded, one has to be
// named.
func TestSenderImage(t *testing.T) {
	pod := func(name string, images ...string) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "tools"}}
		for _, image := range images {
			p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Image: image})
		}
		return p
	}
	c := &cluster{observe: fake.NewClientset(pod("alone", "tool:v7"), pod("meshed", "tool:v7", "proxy"))}
	connection := genericclioptions.NewConfigFlags(true)
	*connection.KubeConfig = filepath.Join(t.TempDir(), "none")
	r := &runCommand{streams: streams{err: io.Discard}, connection: connection}
	for self, want := range map[string]string{
		"alone":  "tool:v7",
		"meshed": "inside.image: missing, and this program's pod has several containers; want an image of shutdowncheck, where the cluster finds it",
		"":       "inside.image: missing, and the cluster is none that this program can load its own to; want an image of shutdowncheck, where the cluster finds it",
		"gone":   `read this program's own pod for its image, which the senders take unless another is named: pods "gone" not found`,
	} {
		t.Setenv("POD_NAMESPACE", "tools")
		t.Setenv("POD_NAME", self)
		got, err := r.senderImage(t.Context(), c)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("in pod %q: got  %s\nwant %s", self, got, want)
		}
	}
}
