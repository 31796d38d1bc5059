package manifest

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func TestPreStopSleep(t *testing.T) {
	exec := func(command ...string) *corev1.LifecycleHandler {
		return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: command}}
	}
	native := func(seconds int64) *corev1.LifecycleHandler {
		return &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}
	}
	const unknown = -1
	tests := []struct {
		hook *corev1.LifecycleHandler
		want time.Duration
	}{
		{nil, unknown},
		{native(0), 0},
		{native(5), 5 * time.Second},
		{native(1 << 62), 9223372036 * time.Second},
		{&corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{}}, unknown},
		{exec(), unknown},

		{exec("sleep", "5"), 5 * time.Second},
		{exec("/bin/sleep", "0.5"), 500 * time.Millisecond},
		{exec("/bin/sleep", "1.5s"), 1500 * time.Millisecond},
		{exec("sleep", "1m"), time.Minute},
		{exec("sleep", "1h"), time.Hour},
		{exec("sleep", "25h"), unknown},
		{exec("busybox", "sleep", "1m"), time.Minute},
		{exec("sleep"), unknown},
		{exec("sleep", "-1"), unknown},
		{exec("sleep", "infinity"), unknown},
		{exec("sleep", "nan"), unknown},
		{exec("./drain", "5"), unknown},
		{exec("nginx", "-s", "quit"), unknown},

		{exec("sh", "-c", "sleep 5"), 5 * time.Second},
		{exec("sh", "-c", "sleep 15"), 15 * time.Second},
		{exec("/bin/bash", "-ec", "exec sleep 5"), 5 * time.Second},
		{exec("/bin/sh", "-c", " exec /usr/bin/sleep 3s; "), 3 * time.Second},
		{exec("sh", "-c", "sleep 5 && nginx -s quit"), unknown},
		{exec("sh", "-c", "sleep $DELAY"), unknown},
		{exec("sh", "-c", "sleep 5 &"), unknown},
		{exec("sh", "-c", "-x", "sleep 5; sleep 2"), 7 * time.Second},
		{exec("sleep", "5", "5"), 10 * time.Second},
		{exec("sh", "-c", "sleep", "5"), unknown},
		{exec("sh", "sleep 5"), unknown},
		{exec("sh", "-c", "sleep 5; kill -QUIT 1"), unknown},
		{exec("sh", "/drain.sh"), unknown},
		{exec("python", "-c", "sleep 5"), unknown},
	}
	for _, tt := range tests {
		got, known := PreStopSleep(tt.hook)
		if known != (tt.want != unknown) || known && got != tt.want {
			t.Errorf("%v: %s, %t; want %s", tt.hook, got, known, tt.want)
		}
	}
}
