package lint

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
)

// Fix is what the findings' patches come to.
type Fix struct {
	// Objects are all that were judged, as the patches leave them.
	Objects *Objects
	// Left is what is found then.
	Left *Report
	// Patched are the objects that have a patch.
	Patched []Patched
}

// Patched is an object and one patch for it.
type Patched struct {
	Kind, Name string
	// Rules are those whose findings the patch is for.
	Rules  []string
	source Source
	patch  patch.Object
	// texts are the fields to be taken away first (see unquote).
	texts patch.Object
}

// mostPatches is how many patches an object gets before its findings are taken for ones
// that bring each other about.
const mostPatches = 20

// NewFix applies the findings' patches, one of each object at a time, and judges anew:
// a patch is made for the object as it is, and two of them may set the same field. judge
// sets aside what does not count; nothing of that is patched. The objects stay as they are.
func NewFix(o *Objects, judge func(*Report)) (*Fix, error) {
	f := &Fix{Objects: o.clone()}
	tried := map[string]bool{}
	for range mostPatches {
		f.Left = Lint(f.Objects)
		judge(f.Left)
		again := false
		touched := map[string]bool{}
		for i := range f.Left.Findings {
			finding := &f.Left.Findings[i]
			id := strings.Join([]string{finding.Place.File, finding.Place.Kind, finding.Place.Namespace, finding.Place.Name}, "\x00")
			once := id + "\x00" + finding.Rule + "\x00" + finding.Patch
			if finding.Patch == "" || touched[id] || tried[once] {
				continue
			}
			tried[once], touched[id], again = true, true, true
			if err := f.apply(finding); err != nil {
				return nil, fmt.Errorf("patch %s for %s: %w", object(&finding.Place), finding.Rule, err)
			}
		}
		if !again {
			break
		}
	}
	return f, nil
}

func (o *Objects) clone() *Objects {
	c := *o
	c.Deployments, c.StatefulSets, c.DaemonSets = slices.Clone(o.Deployments), slices.Clone(o.StatefulSets), slices.Clone(o.DaemonSets)
	c.Services, c.Budgets, c.Autoscalers = slices.Clone(o.Services), slices.Clone(o.Budgets), slices.Clone(o.Autoscalers)
	return &c
}

func (f *Fix) apply(finding *Finding) error {
	p, o := &finding.Place, f.Objects
	var source *Source
	var before []byte
	var err error
	switch p.Kind {
	case "Deployment":
		source, before, err = patchOne(o.Deployments, p, finding.Patch)
	case "StatefulSet":
		source, before, err = patchOne(o.StatefulSets, p, finding.Patch)
	case "DaemonSet":
		source, before, err = patchOne(o.DaemonSets, p, finding.Patch)
	case "Service":
		source, before, err = patchOne(o.Services, p, finding.Patch)
	case "PodDisruptionBudget":
		source, before, err = patchOne(o.Budgets, p, finding.Patch)
	case "HorizontalPodAutoscaler":
		source, before, err = patchOne(o.Autoscalers, p, finding.Patch)
	}
	if err != nil || source == nil {
		return err // of another kind: its finding is left
	}
	added, err := patch.Parse(finding.Patch)
	if err != nil {
		return err
	}
	was, err := patch.Parse(string(before))
	if err != nil {
		return err
	}
	at := slices.IndexFunc(f.Patched, func(other Patched) bool {
		return other.source == *source && other.Kind == p.Kind && other.Name == p.Name
	})
	if at < 0 {
		at = len(f.Patched)
		f.Patched = append(f.Patched, Patched{Kind: p.Kind, Name: p.Name, source: *source})
	}
	one := &f.Patched[at]
	one.patch = patch.Merge(one.patch, added)
	one.texts = patch.Merge(one.texts, unquote(was, added))
	if !slices.Contains(one.Rules, finding.Rule) {
		one.Rules = append(one.Rules, finding.Rule)
	}
	return nil
}

// patchOne replaces the object at the place by a patched copy, and tells its source and what
// it was.
func patchOne[T any, P interface {
	*T
	named
}](all []Object[P], place *Place, change string) (source *Source, before []byte, err error) {
	for i := range all {
		one := &all[i]
		if one.Value.GetName() != place.Name || one.Value.GetNamespace() != place.Namespace || one.Source.File != place.File {
			continue
		}
		before, err := json.Marshal(one.Value)
		if err != nil {
			return nil, nil, err
		}
		after, err := strategicpatch.StrategicMergePatch(before, []byte(change), one.Value)
		if err != nil {
			return nil, nil, err
		}
		patched := P(new(T))
		if err := json.Unmarshal(after, patched); err != nil {
			return nil, nil, err
		}
		one.Value = patched
		return &one.Source, before, nil
	}
	return nil, nil, nil
}

// Kustomization is the name of the overlay's own file.
const Kustomization = "kustomization.yaml"

// Overlay gives the files of a kustomize overlay over the resources, by their names in its
// folder.
func (f *Fix) Overlay(resources []string) (map[string][]byte, error) {
	type reference struct {
		Path string `yaml:"path"`
	}
	overlay := struct {
		APIVersion string      `yaml:"apiVersion"`
		Kind       string      `yaml:"kind"`
		Resources  []string    `yaml:"resources"`
		Patches    []reference `yaml:"patches,omitempty"`
	}{APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization", Resources: resources}
	files := map[string][]byte{}
	add := func(p *Patched, why, suffix string, change patch.Object) error {
		text, err := p.yaml(change)
		if err != nil {
			return fmt.Errorf("write the patch of %s: %w", p.Name, err)
		}
		name := p.fileName(suffix, files)
		files[name] = append([]byte("# "+why+".\n"), text...)
		overlay.Patches = append(overlay.Patches, reference{name})
		return nil
	}
	for i := range f.Patched {
		p := &f.Patched[i]
		if len(p.texts) > 0 {
			if err := add(p, "Takes away what stands in quotes, as kustomize writes a number in those of what it replaces", "-unquote", p.texts); err != nil {
				return nil, err
			}
		}
		if err := add(p, "For "+strings.Join(p.Rules, ", "), "", p.patch); err != nil {
			return nil, err
		}
	}
	text, err := yaml.Marshal(overlay)
	if err != nil {
		return nil, fmt.Errorf("write the overlay: %w", err)
	}
	files[Kustomization] = append([]byte("# Written by shutdowncheck lint --fix.\n"), text...)
	return files, nil
}

// fileName is one that no other has, whatever the object is called.
func (p *Patched) fileName(suffix string, files map[string][]byte) string {
	name := strings.Map(func(c rune) rune {
		if c == '-' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' {
			return c
		}
		return '-'
	}, strings.ToLower(p.Kind+"-"+p.Name+suffix))
	file := path.Join("patches", name+".yaml")
	for n := 2; files[file] != nil; n++ {
		file = path.Join("patches", fmt.Sprintf("%s-%d.yaml", name, n))
	}
	return file
}

// yaml writes a patch as kustomize finds its object: by what stands in the manifest or
// in what is built of it, which may leave the namespace out.
func (p *Patched) yaml(change patch.Object) ([]byte, error) {
	meta := patch.Object{"name": p.Name}
	if p.source.namespace != "" {
		meta["namespace"] = p.source.namespace
	}
	whole := patch.Merge(patch.Object{"apiVersion": p.source.apiVersion, "kind": p.Kind, "metadata": meta}, change)
	// JSON is YAML, and its numbers stay whole.
	var node any
	if err := yaml.Unmarshal([]byte(patch.JSON(whole)), &node); err != nil {
		return nil, err
	}
	return yaml.Marshal(node)
}
