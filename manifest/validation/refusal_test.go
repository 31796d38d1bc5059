package validation

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// answer is what a real API server said of an object.
type answer struct {
	name   string
	object any
	// refused are the fields that it named, none for an object that it took.
	refused []string
	// unseen tells that nobody looks at these.
	unseen bool
}

// Each object is judged as kube-apiserver 1.37 did: what it takes, and by which fields it
// refuses the others.
func TestAsTheServer(t *testing.T) {
	for _, kind := range []string{"deployment", "statefulset", "daemonset", "poddisruptionbudget", "service", "horizontalpodautoscaler"} {
		answers := read(t, kind)
		refused := 0
		for _, a := range answers {
			t.Run(kind+"/"+a.name, func(t *testing.T) {
				a.compare(t, Refused(a.object))
			})
			if len(a.refused) > 0 {
				refused++
			}
		}
		if refused == 0 || refused == len(answers) {
			t.Errorf("%s: of %d objects %d are refused", kind, len(answers), refused)
		}
	}
}

func (a *answer) compare(t *testing.T, got []Refusal) {
	t.Helper()
	if a.unseen {
		if len(got) > 0 {
			t.Errorf("%+v; want nothing, or another word in the file", got)
		}
		return
	}
	for _, r := range got {
		named := slices.ContainsFunc(a.refused, func(field string) bool { return same(field, r.Field) })
		// The gates of that server were off.
		if named != (r.Gate == "") {
			t.Errorf("refused for %s (gate %q), of which the server names: %v", r.Field, r.Gate, a.refused)
		}
		if r.Why == "" || !strings.HasSuffix(r.Fix, ".") {
			t.Errorf("%+v", r)
		}
	}
	for _, field := range a.refused {
		if follows[a.name] == field {
			continue
		}
		if !slices.ContainsFunc(got, func(r Refusal) bool { return same(field, r.Field) }) {
			t.Errorf("the server refuses it for %s; got %+v", field, got)
		}
	}
}

// follows are fields, by the names of objects, that the server names for a fault of another
// field, of which that is the default or the counterpart.
var follows = map[string]string{
	"a surge by a text and none unavailable":            "spec.strategy.rollingUpdate.maxUnavailable",
	"selector of a DaemonSet with a value that is none": "spec.template.labels",
	"port 65536": "spec.ports[0].targetPort",
}

// same tells whether two paths are of one field, one of them less exact.
func same(server, own string) bool {
	if server == "spec.metrics" { // it is what minReplicas asks for
		return own == "spec.minReplicas"
	}
	if server == "spec.template.labels" {
		return own == "spec.template.metadata.labels"
	}
	if own == "spec.selector" && strings.HasSuffix(server, ".labels") { // none fits a selector that is missing
		return true
	}
	return strings.HasPrefix(server, own) || strings.HasPrefix(own, server)
}

func read(t *testing.T, kind string) []answer {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", kind+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []answer
	for documents := yaml.NewYAMLReader(bufio.NewReader(file)); ; {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(text, []byte("{")) {
			continue // the file's head
		}
		all = append(all, parse(t, kind, string(text)))
	}
}

func parse(t *testing.T, kind, text string) answer {
	t.Helper()
	var words []string
	for line := range strings.Lines(text) {
		if word, comment := strings.CutPrefix(line, "# "); comment {
			words = append(words, strings.TrimSpace(word))
		}
	}
	object := map[string]any{
		"deployment": &appsv1.Deployment{}, "statefulset": &appsv1.StatefulSet{}, "daemonset": &appsv1.DaemonSet{},
		"poddisruptionbudget": &policyv1.PodDisruptionBudget{}, "service": &corev1.Service{}, "horizontalpodautoscaler": &autoscalingv2.HorizontalPodAutoscaler{},
	}[kind]
	jsonText, err := yaml.ToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(jsonText, object); err != nil {
		t.Fatal(err)
	}
	a := answer{name: words[0], object: object, unseen: strings.HasSuffix(words[1], "not looked at")}
	switch {
	case words[1] == "accepted" && len(words) == 2:
	case strings.HasPrefix(words[1], "refused") && len(words) > 2:
		for _, said := range words[2:] {
			field, _, _ := strings.Cut(said, ": ")
			a.refused = append(a.refused, field)
		}
	default:
		t.Fatalf("%s: %q is no answer", words[0], words[1:])
	}
	return a
}

// What is not known is not judged.
func TestOtherKinds(t *testing.T) {
	if got := Refused(&corev1.Pod{}); got != nil {
		t.Errorf("got %+v", got)
	}
}
