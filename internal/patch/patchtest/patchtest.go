// Package patchtest tells in tests what an API server would make of a patch.
package patchtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/shutdowncheck/shutdowncheck/manifest/validation"
)

// Apply merges a strategic merge patch into an object of the kind, in JSON, and tells
// what the API server would refuse about the outcome, as far as patches of this module
// bear on it.
func Apply(kind string, object []byte, patch string) error {
	into := map[string]any{
		"Deployment":          &appsv1.Deployment{},
		"StatefulSet":         &appsv1.StatefulSet{},
		"DaemonSet":           &appsv1.DaemonSet{},
		"Service":             &corev1.Service{},
		"PodDisruptionBudget": &policyv1.PodDisruptionBudget{},
	}[kind]
	if into == nil {
		return fmt.Errorf("no such kind: %q", kind)
	}
	after, err := strategicpatch.StrategicMergePatch(object, []byte(patch), into)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(after))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	var wrong []error
	for _, r := range validation.Refused(into) {
		if r.Field != "spec.selector" { // which no patch bears on, and an object of a test may lack
			wrong = append(wrong, fmt.Errorf("%s: %s", r.Field, r.Why))
		}
	}
	return errors.Join(append(wrong, images(into))...)
}

// images tells of containers without one.
func images(of any) error {
	template := &corev1.PodTemplateSpec{}
	switch w := of.(type) {
	case *appsv1.Deployment:
		template = &w.Spec.Template
	case *appsv1.StatefulSet:
		template = &w.Spec.Template
	case *appsv1.DaemonSet:
		template = &w.Spec.Template
	}
	for _, c := range slices.Concat(template.Spec.Containers, template.Spec.InitContainers) {
		if c.Image == "" {
			return fmt.Errorf("%s: no image", c.Name)
		}
	}
	return nil
}
