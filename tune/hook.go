package tune

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/discovery"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/internal/retry"
	"github.com/shutdowncheck/shutdowncheck/manifest"
)

// Action is what lets a hook sleep.
type Action string

// The actions. Sleep is the kubelet's own and needs nothing of the image; it is there by
// default from Kubernetes 1.30 on (KEP-3960, beta; GA in 1.34). Exec runs the image's
// program of that name.
const (
	Sleep Action = "sleep"
	Exec  Action = "exec"
)

// sleepSince is the first minor version of Kubernetes 1 with Sleep.
const sleepSince = 30

// actionOf gives the one that the cluster has.
func actionOf(ctx context.Context, server discovery.ServerVersionInterface) (Action, error) {
	var major, minor string
	err := retry.Insist(ctx, func() error {
		version, err := server.ServerVersion()
		if err == nil {
			major, minor = version.Major, version.Minor
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("ask the cluster for its version: %w", err)
	}
	// Providers write "30+".
	n, err := strconv.Atoi(strings.TrimRight(minor, "+"))
	if err != nil {
		return "", fmt.Errorf("the cluster's version is %s.%s; want a number", major, minor)
	}
	if major == "1" && n < sleepSince {
		return Exec, nil
	}
	return Sleep, nil
}

// hook gives one that sleeps for so many seconds; nil for 0.
func (a Action) hook(seconds int64) *corev1.LifecycleHandler {
	switch {
	case seconds == 0:
		return nil
	case a == Exec:
		return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sleep", strconv.FormatInt(seconds, 10)}}}
	default:
		return &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}
	}
}

// replaceable tells whether a sleep may stand in the place of the hook: not where it does
// more than that.
func replaceable(s chaos.Settings) bool {
	if s.PreStop == nil {
		return true
	}
	_, known := manifest.PreStopSleep(s.PreStop)
	return known
}

// with gives the settings with another sleep, in the way of the action, and another grace.
func with(s chaos.Settings, a Action, sleep, grace int64) chaos.Settings {
	return chaos.Settings{Container: s.Container, PreStop: a.hook(sleep), Grace: grace}
}
