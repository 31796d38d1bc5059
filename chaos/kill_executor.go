package chaos

import (
	"bytes"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/streaming/pkg/httpstream"
)

// Executor runs a program in a container.
type Executor interface {
	// Exec runs it to its end and gives what it wrote, stdout and stderr
	// together. A program that ended with an exit code other than 0 is an
	// exec.ExitError of k8s.io/client-go/util/exec.
	Exec(ctx context.Context, namespace, pod, container string, command []string) (output string, err error)
}

// NewExecutor gives the Executor of a cluster: pods/exec over a WebSocket, or
// over SPDY where the server or a proxy does not know the other, as kubectl
// does (kubectl pkg/cmd/exec).
func NewExecutor(config *rest.Config, client kubernetes.Interface) Executor {
	return executor{config, client}
}

type executor struct {
	config *rest.Config
	client kubernetes.Interface
}

// Exec implements Executor.
func (e executor) Exec(ctx context.Context, namespace, pod, container string, command []string) (string, error) {
	address := e.client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	spdy, err := remotecommand.NewSPDYExecutor(e.config, "POST", address)
	if err != nil {
		return "", fmt.Errorf("prepare an exec by SPDY: %w", err)
	}
	webSocket, err := remotecommand.NewWebSocketExecutor(e.config, "GET", address.String())
	if err != nil {
		return "", fmt.Errorf("prepare an exec by WebSocket: %w", err)
	}
	either, err := remotecommand.NewFallbackExecutor(webSocket, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	if err != nil {
		return "", fmt.Errorf("prepare an exec: %w", err)
	}
	// The two streams are copied by a goroutine each.
	var stdout, stderr bytes.Buffer
	err = either.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &stdout, Stderr: &stderr})
	return stdout.String() + stderr.String(), err
}
