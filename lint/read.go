package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Read adds the objects of a stream of YAML or JSON documents; kinds that no
// rule looks at are passed over. namespace stands in for one that is missing.
// An error names the file, the document and, where known, the line.
func (o *Objects) Read(r io.Reader, file, namespace string) error {
	decoder := yaml.NewDecoder(r)
	for document := 1; ; document++ {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: document %d: %w", file, document, err)
		}
		if len(root.Content) == 0 {
			continue
		}
		if err := o.add(root.Content[0], file, namespace); err != nil {
			return fmt.Errorf("%s:%d: document %d: %w", file, root.Content[0].Line, document, err)
		}
	}
}

// head is what every object has, and a List's items.
type head struct {
	APIVersion string      `yaml:"apiVersion"`
	Kind       string      `yaml:"kind"`
	Items      []yaml.Node `yaml:"items"`
}

func (o *Objects) add(node *yaml.Node, file, namespace string) error {
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return nil // an empty document
	}
	if node.Kind != yaml.MappingNode {
		return errors.New("no Kubernetes object; want a mapping with apiVersion and kind")
	}
	var h head
	if err := node.Decode(&h); err != nil {
		return fmt.Errorf("read apiVersion, kind and items: %w", oneLine(err))
	}
	source := Source{File: file, node: node}
	switch h.APIVersion + " " + h.Kind {
	case "v1 List", "apps/v1 DeploymentList", "apps/v1 StatefulSetList", "apps/v1 DaemonSetList", "v1 ServiceList":
		for i := range h.Items {
			if err := o.add(&h.Items[i], file, namespace); err != nil {
				return fmt.Errorf("items[%d]: %w", i, err)
			}
		}
		return nil
	case "apps/v1 Deployment":
		return keep(&o.Deployments, source, namespace)
	case "apps/v1 StatefulSet":
		return keep(&o.StatefulSets, source, namespace)
	case "apps/v1 DaemonSet":
		return keep(&o.DaemonSets, source, namespace)
	case "v1 Service":
		return keep(&o.Services, source, namespace)
	case "policy/v1 PodDisruptionBudget":
		return keep(&o.Budgets, source, namespace)
	case "autoscaling/v1 HorizontalPodAutoscaler", "autoscaling/v2 HorizontalPodAutoscaler":
		// Of both versions only fields are read that they share.
		return keep(&o.Autoscalers, source, namespace)
	default:
		return nil
	}
}

// named is what all objects can do.
type named interface {
	GetName() string
	GetNamespace() string
	SetNamespace(string)
}

// keep decodes the object by way of JSON, whose names the API's types bear.
func keep[T any, P interface {
	*T
	named
}](to *[]Object[P], source Source, namespace string) error {
	var plain any
	if err := source.node.Decode(&plain); err != nil {
		return oneLine(err)
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return err
	}
	value := P(new(T))
	if err := json.Unmarshal(text, value); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("line %d: %s: a %s; want %s", source.line(wrong.Field), wrong.Field, wrong.Value, wrong.Type)
		}
		return err
	}
	if value.GetName() == "" {
		return errors.New("metadata.name: missing; want a name")
	}
	if value.GetNamespace() == "" {
		value.SetNamespace(namespace)
	}
	*to = append(*to, Object[P]{Value: value, Source: source})
	return nil
}

// oneLine puts what yaml tells on several lines into one.
func oneLine(err error) error {
	if several, ok := errors.AsType[*yaml.TypeError](err); ok {
		return errors.New(strings.Join(several.Errors, "; "))
	}
	return err
}

// Empty tells whether there is no workload to judge.
func (o *Objects) Empty() bool {
	return len(o.Deployments)+len(o.StatefulSets)+len(o.DaemonSets) == 0
}
