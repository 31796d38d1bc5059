package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/shutdowncheck/shutdowncheck/internal/shell"
)

// undoKey is the annotation that holds what a run has still to undo on the
// object that bears it.
const undoKey = "shutdowncheck.io/undo"

// noteVersion is the version of the annotation's form.
const noteVersion = 1

// note is the annotation's value: the one change that is under way.
type note struct {
	Version int    `json:"version"`
	Run     string `json:"run"`
	// UID is the object's own: annotations get copied, and a copy has nothing
	// to undo.
	UID    types.UID `json:"uid"`
	Change change    `json:"change"`
}

// change is one thing a run did. Exactly one of its kinds is set.
type change struct {
	At time.Time `json:"at"`
	// Revision is a Deployment's before the change, 0 where it has none.
	Revision int64          `json:"revision,omitempty"`
	Restart  *restartChange `json:"restart,omitempty"`
	Scale    *scaleChange   `json:"scale,omitempty"`
	Cordon   *cordonChange  `json:"cordon,omitempty"`
	Image    *imageChange   `json:"image,omitempty"`

	// index is the disruption that made it.
	index int
	// settled is a change that needs no undoing any more: only the note of it
	// is still to be removed.
	settled bool
}

// undoable is one kind of change. Each has its place in the file of the
// disruption that makes it.
type undoable interface {
	// name says what kind of disruption made it.
	name() string
	// overtaken tells whether a Deployment, which had the given revision before
	// the change and is now as s shows it, was rolled out by somebody else since.
	overtaken(s state, before int64) bool
	// putBack undoes it. did says what was done, empty if nothing had to be.
	putBack(ctx context.Context, w *Workload, c change, during timer) (did string, when span, err error)
}

// timer takes the time around a call.
type timer func(call func() error) (span, error)

// kind gives the one kind that is set; nil if none is, or several are.
func (c change) kind() undoable {
	var set []undoable
	if c.Restart != nil {
		set = append(set, c.Restart)
	}
	if c.Scale != nil {
		set = append(set, c.Scale)
	}
	if c.Cordon != nil {
		set = append(set, c.Cordon)
	}
	if c.Image != nil {
		set = append(set, c.Image)
	}
	if len(set) != 1 {
		return nil
	}
	return set[0]
}

func (c change) name() string { return c.kind().name() }

// readNote gives the note that the workload bears; nil where it bears none.
func (w *Workload) readNote(s state) (*note, error) {
	text, ok := s.meta.Annotations[undoKey]
	if !ok {
		return nil, nil
	}
	var n note
	err := json.Unmarshal([]byte(text), &n)
	switch {
	case err != nil:
	case n.Version != noteVersion:
		err = fmt.Errorf("version %d, want %d", n.Version, noteVersion)
	case n.Change.kind() == nil:
		err = errors.New("want exactly one change of a known kind")
	}
	if err != nil {
		return nil, fmt.Errorf("annotation %s of %s cannot be read (%w); put things back by hand, then: %s",
			undoKey, w, err, shell.Line("kubectl annotate %s -n %s %s", w.String(), w.namespace, undoKey+"-"))
	}
	return &n, nil
}

// claimed refuses a workload that bears the note of a run other than this one.
// A note that was overtaken claims nothing.
func (w *Workload) claimed(s state, run string) error {
	n, err := w.readNote(s)
	if err != nil {
		return err
	}
	if n != nil && n.Run != run && !s.overtook(n.Change) {
		return &ClaimedError{Object: w.String(), Namespace: w.namespace, Run: n.Run}
	}
	return nil
}

// overtook tells whether a Deployment was rolled out by somebody else since
// the change, so that nothing of it is left to be put back. It matters
// because its controller copies annotations to the ReplicaSet, from where
// `kubectl rollout undo` brings them back long after they were removed
// (kubectl pkg/polymorphichelpers/rollback.go).
func (s state) overtook(c change) bool {
	return c.Revision != 0 && c.kind().overtaken(s, c.Revision)
}

// noteOf gives the annotation's value for a change that may have to be undone;
// nil, which removes it in a patch, for none.
func (w *Workload) noteOf(run string, c *change) (any, error) {
	if c == nil {
		return nil, nil
	}
	text, err := json.Marshal(note{Version: noteVersion, Run: run, UID: w.uid, Change: *c})
	if err != nil {
		return nil, fmt.Errorf("writing down what is to be undone: %w", err)
	}
	return string(text), nil
}
