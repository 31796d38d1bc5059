package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/internal/label"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Leftover is one thing that a run has left in the cluster: the run is still at
// work, or was killed before it could put things back.
type Leftover struct {
	// Object is kind/name. Namespace is empty for a node.
	Object    string
	Namespace string
	// Run is the run's id, Since when it did it.
	Run   string
	Since time.Time
	// Until is when the run is over at the latest; zero where that is not known. Before
	// it the run may be at work.
	Until time.Time
	// What says what PutBack does.
	What string
	// Doubt is why that may not be wanted: what was found may not be what the run
	// left, or is very old. It is empty for what is taken at its word.
	Doubt string

	putBack func(ctx context.Context) (did string, err error)
}

// String says it in one line.
func (l Leftover) String() string {
	where := l.Object
	if l.Namespace != "" {
		where += " in namespace " + l.Namespace
	}
	line := fmt.Sprintf("%s: %s (run %s, of %s", where, l.What, l.Run, l.Since.UTC().Format(time.RFC3339))
	if !l.Until.IsZero() {
		line += ", over at " + l.Until.UTC().Format(time.RFC3339) + " at the latest"
	}
	line += ")"
	if l.Doubt != "" {
		line += "; in doubt: " + l.Doubt
	}
	return line
}

// PutBack puts it back. did says in words what was done, empty if nothing had to be.
// It changes nothing that somebody else has changed since: then the error is a
// ChangedError.
func (l Leftover) PutBack(ctx context.Context) (did string, err error) { return l.putBack(ctx) }

// Left gives what runs have left on the workload and for its sake: what its annotation
// tells, what the run that wrote that has made, and the cordons that name the workload.
// SendersLeft gives what a run may have left that wrote no annotation.
// A workload that is gone may have left cordons. now is the present time.
func Left(ctx context.Context, client kubernetes.Interface, namespace string, ref check.Workload, now func() time.Time, byHand ByHand) ([]Leftover, error) {
	var found []Leftover
	w, s, missing := find(ctx, client, namespace, ref, byHand)
	if missing != nil && !apierrors.IsNotFound(missing) {
		return nil, missing
	}
	if missing == nil {
		on, err := w.noteLeft(ctx, s, now)
		if err != nil {
			return nil, err
		}
		found = append(found, on...)
		for _, l := range on {
			// Who has no right to list these has made none of them: the run itself lists
			// them. Jobs it does not, so that its note names the one it has made.
			made, _ := madeLeft(ctx, client, namespace, label.Of(l.Run))
			found = append(found, made...)
		}
	}
	cordons, err := cordonsLeft(ctx, client, func(by mark) bool { return by.Namespace == namespace && by.Workload == ref.String() }, now)
	if apierrors.IsForbidden(err) {
		err = nil // who has no right to nodes has cordoned none
	}
	found = append(found, cordons...)
	if len(found) == 0 && err == nil {
		return nil, missing
	}
	return found, err
}

// noteLeft gives what the workload's annotation tells.
func (w *Workload) noteLeft(ctx context.Context, s state, now func() time.Time) ([]Leftover, error) {
	n, err := w.readNote(s)
	if n == nil || err != nil {
		return nil, err
	}
	l := Leftover{Object: w.String(), Namespace: w.namespace, Run: n.Run, Until: n.Until, Doubt: s.oldNote(n, now())}
	d := &Driver{Workload: w, Run: n.Run, Until: n.Until, Now: now, claimedAt: n.Since, held: hold{s.meta.Annotations[undoKey]}}
	if n.UID == w.uid {
		d.Senders = n.Senders
	}
	switch c, standing := n.Change, n.Standing; {
	case n.UID != w.uid:
		l.What, l.Doubt = "the annotation was copied from another object; it is removed, and nothing is put back", ""
		l.Since = now()
	case !n.owes():
		l.What, l.Doubt = "the run's claim is removed", ""
		l.Since = n.Since
	case standing == nil:
		l.Since, l.What, d.open = c.At, w.wouldUndo(ctx, s, *c), c
	case c == nil:
		l.Since, l.What, d.standing = standing.At, w.wouldUndo(ctx, s, *standing), standing
	default:
		l.Since, l.What, d.open, d.standing = standing.At, w.wouldUndo(ctx, s, *c)+"; "+w.wouldUndo(ctx, s, *standing), c, standing
	}
	alone := l.What
	if d.Senders != "" {
		l.What += "; job/" + d.Senders + " of its senders is removed, where it is left"
	}
	l.putBack = func(ctx context.Context) (string, error) {
		var did string
		d.Record = func(a recording.Action) {
			if a.Kind == recording.Restored {
				did = strings.TrimPrefix(did+"; "+a.Detail, "; ")
			}
		}
		err := d.restoreAll(ctx)
		if d.owes() {
			return did, err
		}
		// The note goes last: it is what finds the senders again.
		removed, unremoved := w.removeSenders(ctx, d.Senders, n.Run)
		if unremoved != nil {
			return did, errors.Join(err, unremoved)
		}
		err = errors.Join(err, d.drop(ctx))
		if theirs, ok := errors.AsType[*ChangedError](err); ok && theirs.Released {
			err = nil // somebody else was quicker with the same
		}
		switch {
		case removed == "":
			return did, err
		case err == nil:
			did = cmp.Or(did, alone)
		}
		return strings.TrimPrefix(did+"; "+removed, "; "), err
	}
	return []Leftover{l}, nil
}

// wouldUndo says what undoing the change would do now.
func (w *Workload) wouldUndo(ctx context.Context, s state, c change) string {
	if c.Cordon != nil {
		return "node " + c.Cordon.Node + " uncordoned, if the cordon is still that run's"
	}
	_, did, err := w.undone(ctx, s, c)
	switch {
	case err != nil:
		return "nothing can be put back, as it " + problemOf(err)
	case did == "":
		return "nothing has to be put back; the annotation is removed"
	}
	return did
}

func problemOf(err error) string {
	if theirs, ok := errors.AsType[*ChangedError](err); ok {
		return theirs.Problem
	}
	return err.Error()
}

// maxNoteAge is how old a note may be that is taken at its word, and how far ahead of
// this machine's clock it may be dated.
const maxNoteAge = 24 * time.Hour

// oldNote says why a note should not be taken at its word.
func (s state) oldNote(n *note, now time.Time) string {
	c := cmp.Or(n.Change, n.Standing)
	if why := s.doubt(n); why != "" || c == nil {
		return why
	}
	if s.revision() != 0 && c.Revision != 0 && s.revision() > c.kind().revision(c.Revision) {
		return fmt.Sprintf("%s was rolled out since: it has revision %d", s.meta.Name, s.revision())
	}
	return farFrom(now, c.At)
}

// farFrom says why a time is in doubt: it lies too far back, or so far ahead that the
// clock which gave it tells nothing about its age.
func farFrom(now, at time.Time) string {
	switch age := now.Sub(at); {
	case age > maxNoteAge:
		return fmt.Sprintf("it is %s old", age.Round(time.Hour))
	case age < -maxNoteAge:
		return fmt.Sprintf("it is dated %s ahead of this machine's clock", (-age).Round(time.Hour))
	}
	return ""
}
