package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// undoKey is the annotation by which a run holds a workload, and which says what
// the run has still to undo on it.
const undoKey = "shutdowncheck.io/undo"

// noteVersion is the version of the annotation's form, standingVersion that of one which
// tells of a change that stands: an older tool must not take it for one that does not.
const (
	noteVersion     = 1
	standingVersion = 2
)

// note is the annotation's value. Without a change it only claims the workload.
type note struct {
	Version int    `json:"version"`
	Run     string `json:"run"`
	// UID is the object's own: annotations get copied, and a copy has nothing
	// to undo.
	UID types.UID `json:"uid"`
	// Since is when the run claimed the workload.
	Since time.Time `json:"since,omitzero"`
	// Until is when the run is over at the latest; zero where that is not known. A
	// note with nothing to undo claims nothing from then on.
	Until time.Time `json:"until,omitzero"`
	// Senders is the name of the Job that sends the run's requests; empty for none.
	Senders string `json:"senders,omitempty"`
	// Number tells the run's notes apart.
	Number int `json:"number,omitempty"`
	// Change is the one that is under way; nil for none.
	Change *change `json:"change,omitempty"`
	// Standing is one that stays while others are made and undone: they are undone before
	// it; nil for none.
	Standing *change `json:"standing,omitempty"`
}

// owes tells whether something is still to be undone.
func (n note) owes() bool { return n.Change != nil || n.Standing != nil }

// version is that of the form which the note needs.
func (n note) version() int {
	if n.Standing != nil {
		return standingVersion
	}
	return noteVersion
}

// text gives the annotation's value.
func (n note) text() (string, error) {
	n.Version = n.version()
	text, err := json.Marshal(n)
	if err != nil {
		return "", fmt.Errorf("write down what is to be undone: %w", err)
	}
	return string(text), nil
}

// note gives what the workload bears; nil where it bears nothing.
func (s state) note() (*note, error) {
	text, ok := s.meta.Annotations[undoKey]
	if !ok {
		return nil, nil
	}
	var n note
	err := json.Unmarshal([]byte(text), &n)
	switch {
	case err != nil:
	case n.Version != n.version():
		err = fmt.Errorf("version %d, want %d", n.Version, n.version())
	case n.Run == "":
		err = errors.New("it names no run")
	case n.Change != nil && n.Change.kind() == nil, n.Standing != nil && n.Standing.kind() == nil:
		err = errors.New("want exactly one change of a known kind")
	}
	if err != nil {
		return nil, err
	}
	return &n, nil
}

// readNote gives the note that the workload bears, nil where it bears none, with
// the way out where it cannot be read.
func (w *Workload) readNote(s state) (*note, error) {
	n, err := s.note()
	if err != nil {
		return nil, fmt.Errorf("annotation %s of %s cannot be read (%w); put things back by hand, then: %s", undoKey, w, err, w.byHand.Kubectl("annotate", w.String(), "-n", w.namespace, undoKey+"-"))
	}
	return n, nil
}

// doubt says why a note may not be a run's own: empty if it was written by a run, for
// this object. The Deployment controller copies annotations to its ReplicaSets, from where `kubectl
// rollout undo` brings them back long after they were removed (kubectl
// pkg/polymorphichelpers/rollback.go). Whoever brings one back becomes its manager
// in the object's managedFields.
func (s state) doubt(n *note) string {
	switch by, _ := writtenByOthers(s.meta.ManagedFields, undoKey); {
	case n.UID != s.meta.UID:
		return "it was copied from another object"
	case by != "":
		return fmt.Sprintf("%s wrote it, not a run: a rollback or a copy has brought it back", by)
	}
	return ""
}

// overtook tells whether a Deployment was rolled out by somebody else since the
// change, so that nothing of it is left to be put back.
func (s state) overtook(c *change) bool {
	return c != nil && c.Revision != 0 && c.kind().overtaken(s, c.Revision)
}

// writtenByOthers names who wrote a field, where the API server has noted that it was
// somebody else than a run of this tool.
func writtenByOthers(managed []metav1.ManagedFieldsEntry, field string) (by string, others bool) {
	for _, entry := range managed {
		if !manages(entry, field) {
			continue
		}
		if entry.Manager == fieldManager {
			return "", false
		}
		by, others = entry.Manager, true
	}
	return by, others
}

// claims tells whether a note keeps other runs away at the time now: not one that
// came back, and not one that has nothing to undo and whose run is over.
func (s state) claims(n *note, now time.Time) bool {
	return n != nil && s.doubt(n) == "" && (n.Standing != nil || !s.overtook(n.Change)) && (n.owes() || n.Until.IsZero() || now.Before(n.Until))
}

// claimed refuses a workload that another run than this one holds.
func (w *Workload) claimed(s state, run string, now time.Time) error {
	n, err := w.readNote(s)
	if err != nil || !s.claims(n, now) || n.Run == run {
		return err
	}
	return &ClaimedError{Object: w.String(), Namespace: w.namespace, Run: n.Run, Changed: n.owes(), Until: n.Until, Restore: w.restoreCommand()}
}
