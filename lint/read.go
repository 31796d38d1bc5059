package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apijson "sigs.k8s.io/json"
)

// Read adds the objects of a stream of YAML or JSON documents, as kubectl takes
// it; kinds that no rule looks at are passed over. namespace stands in for one
// that is missing. A bad document does not hide the others: all that is wrong
// is in the error, a line each, with file and line.
func (o *Objects) Read(r io.Reader, file, namespace string) error {
	text, err := decoded(r)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var all []error
	for d := range documents(text) {
		all = append(all, o.readDocument(&d, file, namespace))
	}
	return errors.Join(all...)
}

func (o *Objects) readDocument(d *document, file, namespace string) error {
	if d.err != nil {
		if at := firstAction(d.text); at > 0 {
			d.line, d.err = d.before+at, errTemplate
		}
		return fmt.Errorf("%s:%d: %w", file, d.line, d.err)
	}
	var errs []error
	reader := &reader{Objects: o, source: Source{File: file, before: d.before}, document: d, namespace: namespace}
	reader.read(d.json, "", func(at string, err error) {
		source := reader.source
		source.node = reader.root()
		errs = append(errs, fmt.Errorf("%s:%d: %w", file, max(source.line(strings.TrimPrefix(at, ".")), d.before+1), err))
	})
	return errors.Join(errs...)
}

// reader reads the objects of one document.
type reader struct {
	*Objects
	source    Source
	document  *document
	namespace string
	tree      *yaml.Node
	// elsewhere is set where the document is not what is to be judged itself but
	// where that stands: see ReadBuilt.
	elsewhere *yaml.Node
}

// root is the document with its lines; the values come from the JSON.
func (r *reader) root() *yaml.Node {
	if r.tree == nil {
		var document yaml.Node
		r.tree = &yaml.Node{Kind: yaml.ScalarNode, Line: 1}
		if yaml.Unmarshal(r.document.text, &document) == nil && len(document.Content) > 0 {
			r.tree = document.Content[0]
		}
	}
	return r.tree
}

// head is what every object has, and a List's items.
type head struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Items      []json.RawMessage `json:"items"`
}

// read takes the object, or a List's objects, that stand at a path of the document.
func (r *reader) read(text []byte, at string, fail func(at string, err error)) {
	text = bytes.TrimSpace(text)
	if at == "" && (len(text) == 0 || string(text) == "null") {
		return // nothing but comments
	}
	if isJSONPatch(text) {
		r.PassOver(r.source.File, "a patch")
		r.incomplete = true
		return
	}
	if text[0] != '{' {
		fail(at, errors.New("no Kubernetes object; want a mapping with apiVersion and kind"))
		return
	}
	var h head
	if err := apijson.UnmarshalCaseSensitivePreserveInts(text, &h); err != nil {
		for _, e := range wrongValues(text, &h, err) {
			fail(at+"."+e.field, e)
		}
		return
	}
	if h.Kind == "" || h.APIVersion == "" {
		missing := "apiVersion"
		if h.Kind == "" {
			missing = "kind"
		}
		fail(at, fmt.Errorf("%s: missing; want a Kubernetes object with apiVersion and kind", missing))
		return
	}
	if h.Items != nil {
		for i, item := range h.Items {
			r.read(inList(item, &h), fmt.Sprintf("%s.items[%d]", at, i), fail)
		}
		return
	}
	if h.APIVersion == "v1" && h.Kind == "List" {
		// No API server has such a kind: a List is what kubectl takes apart.
		fail(at+".items", fieldError{"items", "missing; want a list of objects, [] where there are none"})
		return
	}
	err := r.add(&h, text, strings.TrimPrefix(at, "."))
	if wrong, ok := errors.AsType[fieldErrors](err); ok {
		for _, e := range wrong {
			fail(at+"."+e.field, e)
		}
	} else if err != nil {
		fail(at, err)
	}
}

// inList gives a List's item the kind that the List tells where it has none
// itself (k8s.io/apimachinery unstructured helpers.go decodeToList).
func inList(item []byte, list *head) []byte {
	var h head
	kind, ofKind := strings.CutSuffix(list.Kind, "List")
	if !ofKind || kind == "" || apijson.UnmarshalCaseSensitivePreserveInts(item, &h) != nil || h.Kind != "" || h.APIVersion != "" {
		return item
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(item, &fields) != nil || fields == nil {
		return item
	}
	fields["apiVersion"], _ = json.Marshal(list.APIVersion)
	fields["kind"], _ = json.Marshal(kind)
	whole, err := json.Marshal(fields)
	if err != nil {
		return item
	}
	return whole
}

// given is an object as it was read, before its kind is looked at.
type given struct {
	head *head
	text []byte
	// at is the object's path in its document.
	at     string
	source Source
	bones  skeleton
}

// skeleton is what objects of many kinds have, as far as it can be read.
type skeleton struct {
	Metadata struct {
		Name         string            `json:"name"`
		GenerateName string            `json:"generateName"`
		Namespace    string            `json:"namespace"`
		Labels       map[string]string `json:"labels"`
		Annotations  map[string]string `json:"annotations"`

		OwnerReferences []json.RawMessage `json:"ownerReferences"`
	} `json:"metadata"`
	Spec struct {
		Template struct {
			Metadata struct {
				Labels map[string]string `json:"labels"`
			} `json:"metadata"`
			Spec struct {
				Containers []struct {
					Name  string `json:"name"`
					Image string `json:"image"`
				} `json:"containers"`
			} `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
}

func (r *reader) add(h *head, text []byte, at string) error {
	g := &given{head: h, text: text, at: at, source: r.source}
	// What is of a wrong type is told when the object itself is decoded.
	_ = apijson.UnmarshalCaseSensitivePreserveInts(text, &g.bones)
	if templatedNames(&g.bones) {
		return errTemplate
	}
	if err := wrongName(g.bones.Metadata.Name); err != nil {
		return err
	}
	if _, old := removed[h.APIVersion+" "+h.Kind]; old && !half(g) {
		r.locate(g)
		r.tellRemoved(g)
	}
	switch h.APIVersion + " " + h.Kind {
	case "apps/v1 Deployment":
		return keep(r, &r.Deployments, g)
	case "apps/v1 StatefulSet":
		return keep(r, &r.StatefulSets, g)
	case "apps/v1 DaemonSet":
		return keep(r, &r.DaemonSets, g)
	case "v1 Service":
		if r.addsToService(g) {
			return r.passOverHalf(nil)
		}
		return keep(r, &r.Services, g)
	case "policy/v1 PodDisruptionBudget":
		return keep(r, &r.Budgets, g)
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return keep(r, &r.Autoscalers, g)
	case "autoscaling/v1 HorizontalPodAutoscaler":
		// Of both versions only fields are judged that they share.
		return keepAs(r, &r.Autoscalers, g, &autoscalingv1.HorizontalPodAutoscaler{})
	case "autoscaling/v2beta1 HorizontalPodAutoscaler", "autoscaling/v2beta2 HorizontalPodAutoscaler":
		return keepAs(r, &r.Autoscalers, g, nil)
	case "policy/v1beta1 PodDisruptionBudget":
		return keepAs(r, &r.Budgets, g, nil)
	case "v1 PersistentVolumeClaim":
		return keep(r, &r.Claims, g)
	case "networking.k8s.io/v1 Ingress":
		return keep(r, &r.Ingresses, g)
	case "networking.k8s.io/v1beta1 Ingress", "extensions/v1beta1 Ingress":
		return keepOldIngress(r, &r.Ingresses, g)
	case "networking.k8s.io/v1 IngressClass":
		return keep(r, &r.IngressClasses, g)
	}
	if g.head.APIVersion == "v1" && g.head.Kind == "ConfigMap" {
		r.keepScripts(g)
	}
	if known, err := r.addCustom(g); known {
		return err
	}
	if isKustomizes(h) {
		r.PassOver(r.source.File, "kustomize's own file")
		r.incomplete = true
	} else if err := wrongMetadata(g.text); err != nil {
		return err
	}
	if err := misnamed(h); err != nil {
		return err
	}
	r.locate(g)
	r.whole++
	r.doubles(g, false)
	r.countNotJudged(g)
	return nil
}

// addCustom adds an object of a kind that a cluster need not have, and tells whether it
// is one that the rules look at. Only some of its fields are known, so none is checked.
func (r *reader) addCustom(g *given) (known bool, err error) {
	switch g.head.APIVersion + " " + g.head.Kind {
	case "keda.sh/v1alpha1 ScaledObject", "keda.k8s.io/v1alpha1 ScaledObject":
		err = keepAs(r, &r.ScaledObjects, g, nil)
	case "http.keda.sh/v1alpha1 HTTPScaledObject":
		err = keepAs(r, &r.HTTPScaledObjects, g, nil)
	case "monitoring.coreos.com/v1 PodMonitor":
		err = keepAs(r, &r.PodMonitors, g, nil)
	case "elbv2.k8s.aws/v1beta1 TargetGroupBinding":
		err = keepAs(r, &r.TargetGroups, g, nil)
	case "gateway.networking.k8s.io/v1 Gateway", "gateway.networking.k8s.io/v1beta1 Gateway", "gateway.networking.k8s.io/v1alpha2 Gateway":
		err = keepAs(r, &r.Gateways, g, nil)
	case "gateway.networking.k8s.io/v1 GatewayClass", "gateway.networking.k8s.io/v1beta1 GatewayClass", "gateway.networking.k8s.io/v1alpha2 GatewayClass":
		err = keepAs(r, &r.GatewayClasses, g, nil)
	case "gateway.networking.k8s.io/v1 HTTPRoute", "gateway.networking.k8s.io/v1beta1 HTTPRoute", "gateway.networking.k8s.io/v1alpha2 HTTPRoute",
		"gateway.networking.k8s.io/v1 GRPCRoute", "gateway.networking.k8s.io/v1alpha2 GRPCRoute",
		"gateway.networking.k8s.io/v1alpha2 TCPRoute", "gateway.networking.k8s.io/v1alpha2 TLSRoute":
		err = keepAs(r, &r.Routes, g, nil)
	default:
		return false, nil
	}
	return true, err
}

// locate finds the lines of an object.
func (r *reader) locate(g *given) {
	if g.source.node = r.elsewhere; g.source.node != nil {
		return
	}
	g.source.node = r.root()
	for node := range along(r.root(), g.at) {
		g.source.node = node
	}
}

// named is what all objects can do.
type named interface {
	GetName() string
	SetName(string)
	GetGenerateName() string
	GetNamespace() string
	SetNamespace(string)
}

// keep decodes the object as the API server does: by names that bear their case.
func keep[T any, P interface {
	*T
	named
}](r *reader, to *[]Object[P], g *given) error {
	return keepAs(r, to, g, P(new(T)))
}

// keepAs keeps an object of another version of T's kind, which shares with T the
// fields that the rules look at; own is of its own version, nil for one that is
// no longer known, whose fields are not checked then.
func keepAs[T any, P interface {
	*T
	named
}](r *reader, to *[]Object[P], g *given, own any) error {
	if own != nil && templatedValues(g.text) {
		return errTemplate
	}
	value := P(new(T))
	if err := apijson.UnmarshalCaseSensitivePreserveInts(g.text, value); err != nil {
		return wrongValues(g.text, value, err)
	}
	r.locate(g)
	if value.GetName() == "" {
		// What kubectl create makes of it: a name that begins like this.
		value.SetName(value.GetGenerateName())
	}
	if value.GetName() == "" {
		return errNameless
	}
	var unknown []breach
	if own != nil {
		var err error
		if unknown, err = r.unknownFields(g, own); err != nil {
			return err
		}
	}
	if half(g) {
		return r.passOverHalf(unknown)
	}
	for _, b := range unknown {
		r.report(&unknownField, g, b)
	}
	r.whole++
	r.doubles(g, true)
	g.source.apiVersion, g.source.kind, g.source.namespace = g.head.APIVersion, g.head.Kind, value.GetNamespace()
	if value.GetNamespace() == "" {
		value.SetNamespace(r.namespace)
	}
	if value.GetGenerateName() == "" {
		*to = withoutEarlier(r, g, *to, value.GetNamespace(), value.GetName())
	}
	*to = append(*to, Object[P]{Value: value, Source: g.source})
	return nil
}

// Empty tells whether there is no workload to judge.
func (o *Objects) Empty() bool {
	for _, apart := range o.Apart {
		if !apart.Empty() {
			return false
		}
	}
	return len(o.Deployments)+len(o.StatefulSets)+len(o.DaemonSets) == 0
}

// Podless tells whether there are objects that make no pods, or beside what is not judged such
// too: that no workload is among them is then no mistake of whoever says where to read.
func (o *Objects) Podless() bool {
	whole := o.judgeable()
	for _, apart := range o.Apart {
		if !apart.Podless() {
			return false
		}
		whole += apart.judgeable()
	}
	return o.Empty() && whole > 0 && len(o.passed) == 0
}

// judgeable is how many objects were read that are of a kind which is judged.
func (o *Objects) judgeable() int {
	n := o.whole
	for i := range o.notJudged {
		n -= o.notJudged[i].Count
	}
	return n
}

// TellsRemoved tells whether an object of a version was read that no API server takes: that is a finding,
// even where no workload is left to judge.
func (o *Objects) TellsRemoved() bool {
	return slices.ContainsFunc(o.written, func(w written) bool { return w.rule.id == removedAPI.id }) || slices.ContainsFunc(o.Apart, (*Objects).TellsRemoved)
}

// found is what was seen while reading, beside the objects.
type found struct {
	// whole is how many objects were read, of all kinds.
	whole     int
	written   []written
	notJudged []NotJudged
	// incomplete tells that pods, or labels of theirs, come from what is not judged.
	incomplete bool
	sources    []podSource
	passed     []passedOver
	// known are the fields of kinds of which an unknown one was read.
	known map[reflect.Type]knownFields
}
