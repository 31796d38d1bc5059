package lint

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	apijson "sigs.k8s.io/json"
)

// Built is an object that was made of files, as kustomize does.
type Built struct {
	JSON []byte
	// File is where the object comes from, and Text what stands there; Text is
	// empty where that holds no such object.
	File string
	Text []byte
}

// ReadBuilt adds an object that was made of files. Its fields have the lines of
// the object that it was made of, or of what is around them there.
func (o *Objects) ReadBuilt(b Built, namespace string) error {
	r := &reader{Objects: o, source: Source{File: b.File}, document: &document{json: b.JSON}, namespace: namespace}
	r.elsewhere, r.source.before = origin(b)
	r.tree = r.elsewhere
	var errs []error
	r.read(b.JSON, "", func(at string, err error) {
		source := r.source
		source.node = r.elsewhere
		errs = append(errs, fmt.Errorf("%s:%d: %w", b.File, source.line(strings.TrimPrefix(at, ".")), err))
	})
	return errors.Join(errs...)
}

// origin finds what the object was made of: in a file with several of its kind
// the one whose name is its own, but for what is put before or behind it.
func origin(b Built) (*yaml.Node, int) {
	nowhere := &yaml.Node{Kind: yaml.ScalarNode, Line: 1}
	want := outline(b.JSON)
	for d := range documents(b.Text) {
		if d.err != nil {
			continue
		}
		list := outline(d.json)
		objects, paths := [][]byte{d.json}, []string{""}
		if list.Items != nil {
			objects, paths = nil, nil
			for i, item := range list.Items {
				objects, paths = append(objects, inList(item, &list.head)), append(paths, fmt.Sprintf("items[%d]", i))
			}
		}
		for i, object := range objects {
			from := outline(object)
			if from.APIVersion != want.APIVersion || from.Kind != want.Kind || from.name() == "" || !strings.Contains(want.name(), from.name()) {
				continue
			}
			found, _ := Source{node: (&reader{document: &d}).root()}.find(paths[i])
			arrange(found, from.containers(), want.containers())
			return found, d.before
		}
	}
	return nowhere, 0
}

// arrange puts the containers of the object that another one was made of into
// the other's order. One that it has not got has the line of the list.
func arrange(node *yaml.Node, names, wanted []string) {
	list, line := Source{node: node}.find("spec.template.spec.containers")
	list = target(list)
	if slices.Equal(names, wanted) || list.Kind != yaml.SequenceNode || len(list.Content) != len(names) {
		return
	}
	byName := map[string]*yaml.Node{}
	for i, name := range names {
		byName[name] = list.Content[i]
	}
	list.Content = nil
	for _, name := range wanted {
		container := byName[name]
		if container == nil {
			container = &yaml.Node{Kind: yaml.ScalarNode, Line: line}
		}
		list.Content = append(list.Content, container)
	}
}

// outlined is what tells objects apart.
type outlined struct {
	head
	skeleton
}

func outline(object []byte) outlined {
	var o outlined
	if !bytes.HasPrefix(bytes.TrimSpace(object), []byte("{")) {
		return o
	}
	_ = apijson.UnmarshalCaseSensitivePreserveInts(object, &o.head)
	_ = apijson.UnmarshalCaseSensitivePreserveInts(object, &o.skeleton)
	return o
}

func (s *skeleton) containers() []string {
	var names []string
	for i := range s.Spec.Template.Spec.Containers {
		names = append(names, s.Spec.Template.Spec.Containers[i].Name)
	}
	return names
}
