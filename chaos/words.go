package chaos

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// joinReasons joins reasons, each once and never more than a reader takes in.
func joinReasons(reasons []string) string {
	const most = 4
	var once []string
	for _, reason := range reasons {
		if !slices.Contains(once, reason) {
			once = append(once, reason)
		}
	}
	if len(once) <= most {
		return strings.Join(once, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(once[:most], "; "), len(once)-most)
}

// podCount gives a number of pods in words.
func podCount[N int | int32](n N) string {
	if n == 1 {
		return "1 pod"
	}
	return fmt.Sprintf("%d pods", n)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func goneBefore(names []string) string {
	if len(names) == 1 {
		return "pod " + names[0] + " was gone before it could be asked to end"
	}
	return "pods " + strings.Join(names, ", ") + " were gone before they could be asked to end"
}

// shown gives a value as it may be told: hidden, unless ShowValues is set.
func (w *Workload) shown(value string) string {
	if w.ShowValues {
		return value
	}
	return check.HiddenText(value)
}

// quoted is shown, with quotes around what is not hidden.
func (w *Workload) quoted(value string) string {
	if w.ShowValues {
		return strconv.Quote(value)
	}
	return check.HiddenText(value)
}
