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
	case "policy/v1 PodDisruptionBudget", "policy/v1beta1 PodDisruptionBudget":
		return keep(&o.Budgets, source, namespace)
	case "autoscaling/v1 HorizontalPodAutoscaler", "autoscaling/v2 HorizontalPodAutoscaler",
		"autoscaling/v2beta1 HorizontalPodAutoscaler", "autoscaling/v2beta2 HorizontalPodAutoscaler":
		// Of all versions only fields are read that they share.
		return keep(&o.Autoscalers, source, namespace)
	case "keda.sh/v1alpha1 ScaledObject", "keda.k8s.io/v1alpha1 ScaledObject":
		return keep(&o.ScaledObjects, source, namespace)
	case "monitoring.coreos.com/v1 PodMonitor":
		return keep(&o.PodMonitors, source, namespace)
	case "elbv2.k8s.aws/v1beta1 TargetGroupBinding":
		return keep(&o.TargetGroups, source, namespace)
	case "http.keda.sh/v1alpha1 HTTPScaledObject":
		return keep(&o.HTTPScaledObjects, source, namespace)
	case "v1 PersistentVolumeClaim":
		return keep(&o.Claims, source, namespace)
	case "networking.k8s.io/v1 Ingress":
		return keep(&o.Ingresses, source, namespace)
	case "networking.k8s.io/v1beta1 Ingress", "extensions/v1beta1 Ingress":
		return keepOldIngress(&o.Ingresses, source, namespace)
	case "networking.k8s.io/v1 IngressClass":
		return keep(&o.IngressClasses, source, namespace)
	case "gateway.networking.k8s.io/v1 Gateway", "gateway.networking.k8s.io/v1beta1 Gateway", "gateway.networking.k8s.io/v1alpha2 Gateway":
		return keep(&o.Gateways, source, namespace)
	case "gateway.networking.k8s.io/v1 GatewayClass", "gateway.networking.k8s.io/v1beta1 GatewayClass", "gateway.networking.k8s.io/v1alpha2 GatewayClass":
		return keep(&o.GatewayClasses, source, namespace)
	case "gateway.networking.k8s.io/v1 HTTPRoute", "gateway.networking.k8s.io/v1beta1 HTTPRoute", "gateway.networking.k8s.io/v1alpha2 HTTPRoute",
		"gateway.networking.k8s.io/v1 GRPCRoute", "gateway.networking.k8s.io/v1alpha2 GRPCRoute",
		"gateway.networking.k8s.io/v1alpha2 TCPRoute", "gateway.networking.k8s.io/v1alpha2 TLSRoute":
		return keep(&o.Routes, source, namespace)
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
