package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/exec"
)

// byExec runs `kill` in the container.
type byExec struct{}

// An exec by SPDY is a POST, for which the API server wants the verb create. By
// WebSocket it is a GET, for which it wants get, and since Kubernetes 1.35
// create as well (feature gate AuthorizePodWebsocketUpgradeCreatePermission).
func (byExec) permissions() []Permission {
	return []Permission{
		{Verb: "create", Resource: "pods", Subresource: "exec"},
		{Verb: "get", Resource: "pods", Subresource: "exec"},
	}
}

func (byExec) send(ctx context.Context, a *attempt, t target) error {
	if a.Exec == nil {
		return errors.New("this driver was given no way to exec")
	}
	name := strings.TrimPrefix(string(t.signal), "SIG")
	// Where there is no program of that name, a shell most often has its own.
	for _, program := range [][]string{
		{"kill", "-" + name, "1"},
		{"/bin/sh", "-c", "kill -" + name + " 1"},
	} {
		output, err := a.Exec.Exec(ctx, a.Workload.namespace, t.pod.Name, t.container.Name, program)
		if !isMissing(output, err) {
			return execFailure(output, err)
		}
	}
	return errors.New("its image has neither kill nor /bin/sh; use via: ephemeral or via: node, with helperImage")
}

// isMissing tells that the image does not have the program. The API gives the
// runtime's words (runc: "executable file not found in $PATH", or "no such file
// or directory" for a path), and some runtimes a shell's exit code.
func isMissing(output string, err error) bool {
	if err == nil {
		return false
	}
	if exit, ok := errors.AsType[exec.CodeExitError](err); ok && exit.Code != 127 && exit.Code != 126 && exit.Code != 128 {
		return false
	}
	text := output + " " + err.Error()
	return strings.Contains(text, "executable file not found") || strings.Contains(text, "no such file or directory")
}

// isForbidden tells a refusal by the API server or an admission webhook. One
// that answers an upgrade comes as the words of its status alone.
func isForbidden(err error) bool {
	text := err.Error()
	return apierrors.IsForbidden(err) || strings.Contains(text, " is forbidden: ") || strings.Contains(text, " denied the request")
}

func execFailure(output string, err error) error {
	exit, ended := errors.AsType[exec.CodeExitError](err)
	switch {
	case err == nil, ended && exit.Code == killedAlong:
		return nil
	case isForbidden(err):
		return fmt.Errorf("the cluster forbids to exec (%w); allow it, or use via: ephemeral or via: node, with helperImage", err)
	case ended:
		return fmt.Errorf("kill ended with exit code %d: %s", exit.Code, strings.TrimSpace(output))
	default:
		return fmt.Errorf("exec: %w", err)
	}
}
