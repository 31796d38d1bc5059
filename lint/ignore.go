package lint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// IgnoreAnnotation of a workload, of its pod template or of the object that a finding is
// about holds RULE: REASON, several on lines of their own or separated by semicolons.
const IgnoreAnnotation = "shutdowncheck.io/ignore"

// annotationOf begins the place of what an annotation ignores.
const annotationOf = "annotation of "

// Ignore is somebody's reason for which findings do not count.
type Ignore struct {
	Rule string `yaml:"rule"`
	// Kind, Namespace and Name are globs (path.Match) of the workload or of the object
	// that a finding is about; an empty one fits all.
	Kind      string `yaml:"kind"`
	Namespace string `yaml:"namespace"`
	Name      string `yaml:"name"`
	Reason    string `yaml:"reason"`

	// from is where it stands.
	from string
	// annotated says that the three are names and no globs.
	annotated bool
}

// IgnoredFinding is a finding, for what reason it does not count, and who says so.
type IgnoredFinding struct {
	Finding
	Reason string `json:"reason"`
	// From is the file, or the object with the annotation.
	From string `json:"from"`
	// Annotated says that it stands in the manifests themselves.
	Annotated bool `json:"annotated"`
}

// IdleIgnore is one that ignored nothing.
type IdleIgnore struct {
	From string `json:"from"`
	// Text is what is ignored there, and Why says what for it had no effect.
	Text string `json:"text"`
	Why  string `json:"why"`
}

// ReadIgnores reads a file of ignores. Each needs a rule and a reason.
func ReadIgnores(r io.Reader, file string) ([]Ignore, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var list struct {
		Ignore []yaml.Node `yaml:"ignore"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w; want a list under \"ignore\"", file, oneLine(err))
	}
	var ignores []Ignore
	for i := range list.Ignore {
		node := &list.Ignore[i]
		from := fmt.Sprintf("%s:%d", file, node.Line)
		ignore, err := readIgnore(node)
		if err == nil {
			err = ignore.check()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		ignore.from = from
		ignores = append(ignores, ignore)
	}
	return ignores, nil
}

// readIgnore refuses unknown fields, which yaml.Node's own Decode does not.
func readIgnore(node *yaml.Node) (ignore Ignore, err error) {
	if node.Kind != yaml.MappingNode {
		return ignore, errors.New("want a mapping with rule, reason and, if it is not for all, kind, namespace or name")
	}
	for i := 0; i < len(node.Content); i += 2 {
		if key := node.Content[i].Value; !slices.Contains([]string{"rule", "kind", "namespace", "name", "reason"}, key) {
			return ignore, fmt.Errorf("%q; want rule, kind, namespace, name and reason", key)
		}
	}
	return ignore, oneLine(node.Decode(&ignore))
}

// oneLine puts what yaml tells on several lines into one.
func oneLine(err error) error {
	if several, ok := errors.AsType[*yaml.TypeError](err); ok {
		return errors.New(strings.Join(several.Errors, "; "))
	}
	return err
}

func (i *Ignore) check() error {
	if ruleNumber(i.Rule) < 0 {
		return fmt.Errorf("%q is no rule; want one that docs/commands.md lists", i.Rule)
	}
	if strings.TrimSpace(i.Reason) == "" {
		return fmt.Errorf("%s is ignored without a reason; want one", i.Rule)
	}
	for _, glob := range []string{i.Kind, i.Namespace, i.Name} {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("%q is no glob; want a name with *, ? or [...]", glob)
		}
	}
	return nil
}

// Ignore takes the findings that the ignores fit out of those that count. Of several
// that fit the first gives the reason, and none of them is idle.
func (r *Report) Ignore(ignores ...Ignore) {
	used := make([]bool, len(ignores))
	for _, list := range []*[]Finding{&r.Findings, &r.Known} {
		*list = slices.DeleteFunc(*list, func(f Finding) bool {
			first := -1
			for i := range ignores {
				if ignores[i].fits(&f) {
					used[i] = true
					if first < 0 {
						first = i
					}
				}
			}
			if first < 0 {
				return false
			}
			by := &ignores[first]
			r.Ignored = append(r.Ignored, IgnoredFinding{Finding: f, Reason: by.Reason, From: by.from, Annotated: by.annotated})
			return true
		})
	}
	for i := range ignores {
		// What the annotations have ignored before, a file need not.
		if !used[i] && !slices.ContainsFunc(r.Ignored, func(f IgnoredFinding) bool { return ignores[i].fits(&f.Finding) }) {
			r.IdleIgnores = append(r.IdleIgnores, IdleIgnore{From: ignores[i].from, Text: ignores[i].String(), Why: "nothing was found that it fits"})
		}
	}
}

// String is as it would stand in an annotation.
func (i *Ignore) String() string { return i.Rule + ": " + i.Reason }

func (i *Ignore) fits(f *Finding) bool {
	kind, name, _ := strings.Cut(f.Workload, "/")
	return i.Rule == f.Rule && (i.fitsObject(f.Place.Kind, f.Place.Namespace, f.Place.Name) || f.Workload != "" && i.fitsObject(kind, f.namespace, name))
}

func (i *Ignore) fitsObject(kind, namespace, name string) bool {
	return i.matchesKind(kind) && i.matches(i.Namespace, namespace) && i.matches(i.Name, name)
}

func (i *Ignore) matchesKind(kind string) bool {
	return i.matches(strings.ToLower(i.Kind), strings.ToLower(kind))
}

func (i *Ignore) matches(glob, name string) bool {
	if i.annotated {
		return glob == name
	}
	fits, err := path.Match(glob, name)
	return glob == "" || err == nil && fits
}

// annotated gives what the objects' annotations ignore, and those that say nothing that
// can be understood: they ignore nothing, and stop nobody.
func (o *Objects) annotated(workloads []*workload) (ignores []Ignore, idle []IdleIgnore) {
	add := func(kind string, meta metav1.Object, annotations ...map[string]string) {
		of := Ignore{
			Kind: kind, Namespace: meta.GetNamespace(), Name: meta.GetName(), annotated: true,
			from: annotationOf + strings.ToLower(kind) + "/" + meta.GetName(),
		}
		for _, a := range annotations {
			for _, text := range entries(a[IgnoreAnnotation]) {
				ignore := of
				ignore.Rule, ignore.Reason, _ = strings.Cut(text, ":")
				ignore.Rule, ignore.Reason = strings.TrimSpace(ignore.Rule), strings.TrimSpace(ignore.Reason)
				if err := ignore.check(); err != nil {
					idle = append(idle, IdleIgnore{From: of.from, Text: text, Why: err.Error()})
					continue
				}
				ignores = append(ignores, ignore)
			}
		}
	}
	for _, w := range workloads {
		add(w.kind, &w.meta, w.meta.Annotations, w.template.Annotations)
	}
	o.eachBeside(func(kind string, object metav1.Object) { add(kind, object, object.GetAnnotations()) })
	return ignores, idle
}

// beginsEntry is how an entry begins: with a word like a rule's, and a colon or nothing.
var beginsEntry = regexp.MustCompile(`^\s*[a-z0-9-]+\s*(:|$)`)

// entries splits an annotation at its lines, and at the semicolons after which a new
// entry begins: others belong to the reason.
func entries(annotation string) (all []string) {
	for line := range strings.Lines(annotation) {
		var parts []string
		for part := range strings.SplitSeq(line, ";") {
			if len(parts) > 0 && strings.TrimSpace(part) != "" && !beginsEntry.MatchString(part) {
				parts[len(parts)-1] += ";" + part
				continue
			}
			parts = append(parts, part)
		}
		for _, part := range parts {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}
