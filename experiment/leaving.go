package experiment

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/chaos"
	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// leavingBeyond is how much longer than its grace period a pod may be there: the kubelet
// grants 2 s more where a hook has used it up, and clears up behind the containers.
const leavingBeyond = 10 * time.Second

// awaitLeaving waits for pods that an earlier change has told to end, as a patch that was
// just rolled out, and says so. Those that do not go in their time are left to Healthy to
// tell.
func (c Config) awaitLeaving(ctx context.Context, w *chaos.Workload) error {
	leaving, err := w.Leaving(ctx)
	if err != nil || len(leaving.Pods) == 0 {
		return err
	}
	c.at(false, "waiting for pods of %s that are ending already", w)
	c.tell("waiting %s", untilGone(leaving))
	_, err = await(ctx, leaving.Within+leavingBeyond, func() (gone bool, err error) {
		leaving, err := w.Leaving(ctx)
		return len(leaving.Pods) == 0, err
	})
	return err
}

// untilGone tells of the waiting.
func untilGone(leaving chaos.Leaving) string {
	shown := leaving.Pods[:min(len(leaving.Pods), namesShown)]
	names := strings.Join(shown, ", ")
	if more := len(leaving.Pods) - len(shown); more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("until nothing is left of %s that an earlier change has told to end, for %s at most: %s",
		text.Count(len(leaving.Pods), "pod"), leaving.Within+leavingBeyond, names)
}
