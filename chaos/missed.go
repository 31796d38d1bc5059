package chaos

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Missed adds to the error of a workload that was not found what leads on: that its
// namespace does not exist, where that may be asked, or else how to see what there is. The API
// server says of the workload alone that it does not exist, whatever of the two is missing.
func Missed(ctx context.Context, client kubernetes.Interface, namespace string, ref check.Workload, byHand ByHand, err error) error {
	if !apierrors.IsNotFound(err) {
		return err
	}
	_, gone := client.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(gone) {
		return fmt.Errorf("namespace %s does not exist (%w); see those there are with: %s", namespace, err, byHand.Kubectl("get", "namespaces"))
	}
	return fmt.Errorf("%w; see what there is with: %s", err, byHand.Kubectl("get", strings.ToLower(string(ref.Kind))+"s", "-n", namespace))
}
