package chaos

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// cordonsLeft gives the nodes that runs have left cordoned for a workload that wanted
// picks.
func cordonsLeft(ctx context.Context, client kubernetes.Interface, wanted func(mark) bool, now func() time.Time) ([]Leftover, error) {
	list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("look for nodes that are left cordoned: %w", err)
	}
	var found []Leftover
	for _, node := range list.Items {
		if by, marked := cordonedBy(&node); marked && wanted(by) {
			found = append(found, cordonLeft(client, &node, by, now))
		}
	}
	return found, nil
}

func cordonLeft(client kubernetes.Interface, node *corev1.Node, by mark, now func() time.Time) Leftover {
	c := &cordonChange{Node: node.Name, Mark: node.Annotations[cordonKey]}
	l := Leftover{Object: "node/" + node.Name, Run: by.Run, Since: markedAt(node, now()), What: "uncordoned, which was cordoned for " + by.Workload + " in namespace " + by.Namespace}
	if age := now().Sub(l.Since); age > maxNoteAge {
		l.Doubt = fmt.Sprintf("it is %s old", age.Round(time.Hour))
	}
	l.putBack = func(ctx context.Context) (string, error) {
		did, _, err := c.putBack(ctx, &Workload{client: client}, untimed)
		return did, err
	}
	return l
}

// markedAt is when a run's cordon was written, as the API server has noted; where it
// has not, that is now.
func markedAt(node *corev1.Node, now time.Time) time.Time {
	for _, entry := range node.ManagedFields {
		if entry.Manager == fieldManager && entry.Time != nil {
			return entry.Time.Time
		}
	}
	return now
}
