package manifest

import (
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// PreStop gives a container's preStop hook, nil for none.
func PreStop(c *corev1.Container) *corev1.LifecycleHandler {
	if c.Lifecycle == nil {
		return nil
	}
	return c.Lifecycle.PreStop
}

// PreStopSleep tells how long a hook takes, where all it does is sleep: by itself
// (KEP-3960), or as a program called sleep that is run as it is or by a shell.
func PreStopSleep(hook *corev1.LifecycleHandler) (d time.Duration, known bool) {
	switch {
	case hook == nil:
		return 0, false
	case hook.Sleep != nil:
		return time.Duration(min(hook.Sleep.Seconds, math.MaxInt64/int64(time.Second))) * time.Second, true
	case hook.Exec != nil:
		return sleepOf(hook.Exec.Command)
	default:
		return 0, false
	}
}

// PreStopSleepsFirst tells how long a hook sleeps that then does more, as one that tells
// its server to stop and waits for it.
func PreStopSleepsFirst(hook *corev1.LifecycleHandler) (d time.Duration, known bool) {
	if hook == nil || hook.Exec == nil {
		return 0, false
	}
	call, isShell := ParseShell(hook.Exec.Command)
	if !isShell {
		return 0, false
	}
	all := Steps(call.Script)
	if len(all) < 2 || all[0].End != ";" && all[0].End != "&&" {
		return 0, false
	}
	// What is a part of a compound command need not be run at all.
	first := all[0].Command()
	if len(first) != len(all[0].Words) || slices.ContainsFunc(first, Closes) {
		return 0, false
	}
	return sleepOf(first)
}

// longestSleep is a day; what sleeps for longer sleeps for ever.
const longestSleep = 24 * time.Hour

// sleepOf recognises a command that does nothing but wait.
func sleepOf(words []string) (d time.Duration, known bool) {
	if call, isShell := ParseShell(words); isShell {
		all := Steps(call.Script)
		if len(all) != 1 || all[0].End != "" && all[0].End != ";" {
			return 0, false
		}
		words = all[0].Command()
		if len(words) > 0 && words[0] == "exec" {
			words = words[1:]
		}
	}
	if len(words) > 1 && path.Base(words[0]) == "busybox" {
		words = words[1:]
	}
	if len(words) != 2 || path.Base(words[0]) != "sleep" {
		return 0, false
	}
	number, unit := words[1], time.Second
	switch {
	case strings.HasSuffix(number, "s"):
		number = strings.TrimSuffix(number, "s")
	case strings.HasSuffix(number, "m"):
		number, unit = strings.TrimSuffix(number, "m"), time.Minute
	case strings.HasSuffix(number, "h"):
		number, unit = strings.TrimSuffix(number, "h"), time.Hour
	}
	n, err := strconv.ParseFloat(number, 64)
	// The comparison is written so that NaN fails it.
	if err != nil || !(n >= 0 && n*float64(unit) <= float64(longestSleep)) {
		return 0, false
	}
	return time.Duration(n * float64(unit)), true
}
