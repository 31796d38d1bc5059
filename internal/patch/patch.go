// Package patch makes strategic merge patches of workloads, as kubectl patch
// takes them.
package patch

import "encoding/json"

// Object is a part of a patch. A nil in it removes a field.
type Object = map[string]any

// JSON writes a patch, with the keys in order. Maps of strings, numbers and nil
// always have a form in JSON.
func JSON(o Object) string {
	data, err := json.Marshal(o)
	if err != nil {
		return ""
	}
	return string(data)
}

// PodSpec changes the spec of a workload's pods.
func PodSpec(spec Object) string {
	return JSON(Object{"spec": Object{"template": Object{"spec": spec}}})
}

// List is the one of a pod's lists of containers that has a container. The API merges
// the lists by the containers' names, and refuses a container that it does not find
// there: a patch makes it a new one, without an image (core/v1 PodSpec, patchMergeKey).
type List string

// The lists. A native sidecar is an init container (KEP-753).
const (
	Main List = "containers"
	Init List = "initContainers"
)

// Container adds to the change of a pod's spec one of fields of a container.
func (l List) Container(spec Object, name string, fields Object) {
	fields["name"] = name
	changed, _ := spec[string(l)].([]Object)
	spec[string(l)] = append(changed, fields)
}

// Sleep is the change of a container that lets its preStop hook sleep. A hook has exactly
// one handler: others, by their fields' names, go.
func Sleep(seconds int, others ...string) Object {
	hook := Object{"sleep": Object{"seconds": seconds}}
	for _, other := range others {
		hook[other] = nil
	}
	return Object{"lifecycle": Object{"preStop": hook}}
}
