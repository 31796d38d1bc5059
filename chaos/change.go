package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
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

// change is one thing a run did to the workload. One of Restart, Scale and
// Image is set.
type change struct {
	At time.Time `json:"at"`
	// Revision is a Deployment's before the change, 0 where it has none.
	Revision int64          `json:"revision,omitempty"`
	Restart  *restartChange `json:"restart,omitempty"`
	Scale    *scaleChange   `json:"scale,omitempty"`
	Image    *imageChange   `json:"image,omitempty"`

	// index is the disruption that made it.
	index int
	// settled is a change that needs no undoing any more: only the note of it
	// is still to be removed.
	settled bool
}

// restartChange is what the template's restartedAt annotation was and became.
type restartChange struct {
	// From is nil where there was none.
	From *string `json:"from"`
	To   string  `json:"to"`
}

// scaleChange is what the replicas were and became.
type scaleChange struct {
	From int32 `json:"from"`
	To   int32 `json:"to"`
}

// kinds names what is set.
func (c change) kinds() (set []string) {
	for kind, is := range map[string]bool{"restart": c.Restart != nil, "scale": c.Scale != nil, "image": c.Image != nil} {
		if is {
			set = append(set, kind)
		}
	}
	return set
}

func (c change) name() string { return strings.Join(c.kinds(), "+") }

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
	case len(n.Change.kinds()) != 1:
		err = errors.New("want one of restart, scale and image")
	}
	if err != nil {
		return nil, fmt.Errorf("annotation %s of %s cannot be read (%w); put things back by hand, then: kubectl annotate %s -n %s %s-",
			undoKey, w, err, w, w.namespace, undoKey)
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
	switch {
	case c.Revision == 0:
		return false
	case c.Scale != nil:
		return s.revision() > c.Revision && s.replicas != c.Scale.To
	default:
		return s.revision() > c.Revision+1
	}
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
