package manifest

import (
	"math"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/manifest/script"
)

// PreStop gives a container's preStop hook, nil for none.
func PreStop(c *corev1.Container) *corev1.LifecycleHandler {
	if c.Lifecycle == nil {
		return nil
	}
	return c.Lifecycle.PreStop
}

// PreStopSleep tells how long a hook takes, where all it does is sleep for a day at the
// most: by itself (KEP-3960), or as a program called sleep that is run as it is or by a
// shell. What it then does besides is another matter, and its length is not known here.
func PreStopSleep(hook *corev1.LifecycleHandler) (d time.Duration, known bool) {
	if hook == nil || hook.Exec == nil && hook.Sleep == nil {
		return 0, false
	}
	h := JudgeHook(hook, script.Context{})
	if hook.Exec != nil && (!h.OnlySleeps || h.Fails != "" || h.Least > longestSleep || len(hook.Exec.Command) == 0) {
		return 0, false
	}
	return h.Least, true
}

// longestSleep is a day; what sleeps for longer sleeps for ever.
const longestSleep = 24 * time.Hour

// JudgeHook tells what a hook does: a sleep of its own (KEP-3960), a command, or a
// request, of which nothing is known. The kubelet runs no tcpSocket hook and goes on as
// after one that failed (core/v1 LifecycleHandler.TCPSocket).
func JudgeHook(hook *corev1.LifecycleHandler, c script.Context) script.Hook {
	switch {
	case hook.Sleep != nil:
		d := time.Duration(min(max(hook.Sleep.Seconds, 0), math.MaxInt64/int64(time.Second))) * time.Second
		return script.Hook{Least: d, First: d, Exact: true, OnlySleeps: true}
	case hook.Exec != nil:
		return script.Run(hook.Exec.Command, c)
	case hook.TCPSocket != nil:
		return script.Hook{Exact: true, Fails: "the kubelet runs no tcpSocket hook"}
	default:
		return script.Hook{}
	}
}
