package chaos

import (
	"context"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// change is one thing a run did. Exactly one of its kinds is set.
type change struct {
	At time.Time `json:"at"`
	// Revision is a Deployment's before the change, 0 where it has none.
	Revision int64           `json:"revision,omitempty"`
	Restart  *restartChange  `json:"restart,omitempty"`
	Scale    *scaleChange    `json:"scale,omitempty"`
	Cordon   *cordonChange   `json:"cordon,omitempty"`
	Image    *imageChange    `json:"image,omitempty"`
	Settings *settingsChange `json:"settings,omitempty"`

	// index is the disruption that made it.
	index int
}

// undoable is one kind of change.
type undoable interface {
	// name says what kind of disruption made it.
	name() check.DisruptionKind
	// made is the edit that makes it. It is refused where s does not show what was
	// there before.
	made(w *Workload, s state) (edit, error)
	// undone is the edit that undoes it, with what that does in words, empty if
	// nothing has to be done. It is refused with a ChangedError where s shows that
	// somebody else has changed the same thing since.
	undone(ctx context.Context, w *Workload, s state) (e edit, did string, err error)
	// overtaken tells whether a Deployment, which had the given revision before
	// the change and is now as s shows it, was rolled out by somebody else since.
	overtaken(s state, before int64) bool
	// revision is a Deployment's with the change, which had the given one before.
	revision(before int64) int64
	// left says what is still as the change made it.
	left() string
}

// outside is a change that lies, all of it, in another object than the workload:
// that one is put back before the note goes. did is empty if nothing had to be.
type outside interface {
	putBack(ctx context.Context, w *Workload, during timer) (did string, when span, err error)
}

// revocable is a change that somebody else may undo before the run does.
type revocable interface {
	// takenBack says who has undone it, and how, where s shows it undone.
	takenBack(ctx context.Context, w *Workload, s state) string
}

// cleanup is a change whose undoing takes more once the workload is as it was.
type cleanup interface {
	clear(ctx context.Context, w *Workload) error
}

// timer takes the time around a call.
type timer func(call func() error) (span, error)

// untimed is the timer of what is not recorded.
func untimed(call func() error) (span, error) { return span{}, call() }

// kind gives the one kind that is set; nil if none is, or several are.
func (c change) kind() undoable {
	var set []undoable
	if c.Restart != nil {
		set = append(set, rollout{c.Restart})
	}
	if c.Scale != nil {
		set = append(set, c.Scale)
	}
	if c.Cordon != nil {
		set = append(set, c.Cordon)
	}
	if c.Image != nil {
		set = append(set, rollout{c.Image})
	}
	if c.Settings != nil {
		set = append(set, rollout{c.Settings})
	}
	if len(set) != 1 {
		return nil
	}
	return set[0]
}

func (c change) name() check.DisruptionKind { return c.kind().name() }
