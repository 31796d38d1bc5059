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

// Container changes fields of one of their containers.
func Container(name string, fields Object) string {
	return PodSpec(Containers(name, fields))
}

// Containers is the change of a pod's spec that changes fields of one container.
func Containers(name string, fields Object) Object {
	fields["name"] = name
	return Object{"containers": []Object{fields}}
}

// PreStopSleep is the change of a pod's spec that lets a container's preStop hook
// sleep. A hook has exactly one handler: others, by their fields' names, go.
func PreStopSleep(container string, seconds int, others ...string) Object {
	return Containers(container, Sleep(seconds, others...))
}

// Sleep is that change of the container.
func Sleep(seconds int, others ...string) Object {
	hook := Object{"sleep": Object{"seconds": seconds}}
	for _, other := range others {
		hook[other] = nil
	}
	return Object{"lifecycle": Object{"preStop": hook}}
}
