package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/experiment"
)

// manifest is what the tests look at in an object of an example.
type manifest struct {
	Kind     string
	Metadata struct {
		Name, Namespace string
		Annotations     map[string]string
	}
	Rules []struct {
		APIGroups     []string `yaml:"apiGroups"`
		Resources     []string
		ResourceNames []string `yaml:"resourceNames"`
		Verbs         []string
	}
	Spec yaml.Node
}

// manifests reads the objects of an example, with everything filled in.
func manifests(t *testing.T, path string) []manifest {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(filledIn.ReplaceAll(data, []byte("x"))))
	var list []manifest
	for {
		var m manifest
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		list = append(list, m)
	}
}

// inCluster are the examples that bring rights with them.
var inCluster = []string{"job.yaml", "ci/argo-rollouts.yaml", "ci/flagger.yaml", "ci/helm-test.yaml"}

// An example grants what its own command takes, no less and no more.
func TestExamplesGrantWhatTheirCommandTakes(t *testing.T) {
	for _, name := range inCluster {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("../../deploy", name)
			granted := granted(t, path)
			required, optional := wanted(commandOf(t, path))
			for p := range required {
				if !granted[p] {
					t.Errorf("the command takes the right to %s, which is not granted", p)
				}
			}
			for p := range granted {
				if !required[p] && !optional[p] {
					t.Errorf("grants the right to %s, which the command does not take", p)
				}
			}
		})
	}
}

// granted lists the rights of all roles in a file. The run's own namespace is
// that of the role called shutdowncheck.
func granted(t *testing.T, path string) map[chaos.Permission]bool {
	t.Helper()
	rights := map[chaos.Permission]bool{}
	for _, m := range manifests(t, path) {
		for _, rule := range m.Rules {
			names := rule.ResourceNames
			if len(names) == 0 {
				names = []string{""}
			}
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						for _, object := range names {
							p := chaos.Permission{Cluster: m.Kind == "ClusterRole", Verb: verb, Group: group, Name: object}
							p.Resource, p.Subresource, _ = strings.Cut(resource, "/")
							if strings.HasPrefix(m.Metadata.Namespace, "kube-") {
								p.Namespace = m.Metadata.Namespace
							}
							rights[p] = true
						}
					}
				}
			}
		}
	}
	if len(rights) == 0 {
		t.Fatalf("%s grants nothing", path)
	}
	return rights
}

// wanted lists the rights that a check takes, and those that it can do without.
func wanted(c check.Check) (required, optional map[chaos.Permission]bool) {
	required, optional = map[chaos.Permission]bool{}, map[chaos.Permission]bool{}
	for _, r := range experiment.Rights(c) {
		if r.Optional {
			optional[r.Permission] = true
		} else {
			required[r.Permission] = true
		}
	}
	return required, optional
}

// commandOf gives the check of the only command line in a file.
func commandOf(t *testing.T, path string) check.Check {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e := example{name: path}
	e.readYAML(t, string(data))
	if len(e.commands) != 1 {
		t.Fatalf("%s has %d command lines, want 1", path, len(e.commands))
	}
	var f checkFlags
	var c check.Check
	cmd := &cobra.Command{Args: atMostOneWorkload, RunE: func(cmd *cobra.Command, args []string) (err error) {
		c, err = f.read(cmd, args)
		return err
	}}
	f.add(cmd.Flags())
	genericclioptions.NewConfigFlags(true).AddFlags(cmd.Flags())
	cmd.Flags().String("out", "", "")
	cmd.SetArgs(e.commands[0][1:])
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	return c
}

// What the replicas are set by is a patch of the workload; nobody is to copy a
// right that nothing takes, not even out of a comment or a table.
func TestNobodyIsToldToGrantScale(t *testing.T) {
	for _, pattern := range []string{"../../deploy/*.yaml", "../../deploy/ci/*.yaml", "../../docs/*.md", "../../README.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v, %v", pattern, paths, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"deployments/scale", "workload's scale"} {
				if bytes.Contains(data, []byte(word)) {
					t.Errorf("%s speaks of %s", path, word)
				}
			}
		}
	}
}

// A hook that is no Job and no Pod has succeeded for Helm once it was created,
// and is deleted whenever its policy says so, also while the test runs. The
// rights are therefore no hooks at all.
func TestHelmKeepsTheRights(t *testing.T) {
	kept := 0
	for _, m := range manifests(t, "../../deploy/ci/helm-test.yaml") {
		switch m.Kind {
		case "ServiceAccount", "Role", "RoleBinding":
			kept++
			for name := range m.Metadata.Annotations {
				if strings.HasPrefix(name, "helm.sh/hook") {
					t.Errorf("the %s bears %s", m.Kind, name)
				}
			}
		}
	}
	if kept != 3 {
		t.Errorf("found %d objects that make up the rights, want 3", kept)
	}
}

// Whoever reaches the load tester has its rights: these are an account of their
// own, and only Flagger's pods reach it.
func TestFlaggerLoadTesterIsFenced(t *testing.T) {
	var account, fenced string
	for _, m := range manifests(t, "../../deploy/ci/flagger.yaml") {
		switch m.Kind {
		case "ServiceAccount":
			account = m.Metadata.Name
		case "NetworkPolicy":
			var spec struct {
				PodSelector struct {
					MatchLabels map[string]string `yaml:"matchLabels"`
				} `yaml:"podSelector"`
				PolicyTypes []string `yaml:"policyTypes"`
				Ingress     []struct {
					From []struct {
						Namespaces struct {
							MatchLabels map[string]string `yaml:"matchLabels"`
						} `yaml:"namespaceSelector"`
						Pods struct {
							MatchLabels map[string]string `yaml:"matchLabels"`
						} `yaml:"podSelector"`
					}
				}
			}
			if err := m.Spec.Decode(&spec); err != nil {
				t.Fatal(err)
			}
			fenced = spec.PodSelector.MatchLabels["app"]
			if len(spec.PolicyTypes) != 1 || spec.PolicyTypes[0] != "Ingress" || len(spec.Ingress) != 1 || len(spec.Ingress[0].From) != 1 {
				t.Fatalf("the policy is %+v, want one source of ingress", spec)
			}
			from := spec.Ingress[0].From[0]
			if from.Namespaces.MatchLabels["kubernetes.io/metadata.name"] == "" || from.Pods.MatchLabels["app.kubernetes.io/name"] != "flagger" {
				t.Errorf("the policy lets in %+v, want only Flagger's pods of one namespace", from)
			}
		}
	}
	if account == "" || account == "default" || account != fenced {
		t.Errorf("the account is %q and the policy fences app=%q, want both of one load tester of its own", account, fenced)
	}
}
