package chaos

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// metas gives the metadata of what a call has listed.
func metas(list runtime.Object, err error) ([]metav1.ObjectMeta, error) {
	if err != nil {
		return nil, err
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return nil, fmt.Errorf("reading a list: %w", err)
	}
	all := make([]metav1.ObjectMeta, 0, len(items))
	for _, item := range items {
		object, ok := item.(metav1.ObjectMetaAccessor)
		if !ok {
			return nil, fmt.Errorf("reading a list: a %T has no metadata", item)
		}
		accessor, ok := object.GetObjectMeta().(*metav1.ObjectMeta)
		if !ok {
			return nil, fmt.Errorf("reading a list: a %T has no metadata", item)
		}
		all = append(all, *accessor)
	}
	return all, nil
}
