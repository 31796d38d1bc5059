package main

import (
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// unread is what lint could not look at in the cluster.
type unread struct {
	// unlisted are the resources that the user has no right to list, ungotten the objects
	// that the user has no right to get.
	unlisted, ungotten []string
	// others are notes as they stand.
	others []string
}

// optional takes a right that is missing for a note.
func (u *unread) optional(resource string, err error) error {
	if apierrors.IsForbidden(err) {
		u.unlisted = append(u.unlisted, resource)
		return nil
	}
	if err != nil {
		return fmt.Errorf("list %s: %w", resource, err)
	}
	return nil
}

// notes tell it, each right that is missing once, however much it would have shown.
func (u *unread) notes() []string {
	var notes []string
	if len(u.unlisted) > 0 {
		notes = append(notes, listed(u.unlisted)+", for want of the right to list them; the rules about them were left out")
	}
	if len(u.ungotten) > 0 {
		notes = append(notes, listed(u.ungotten)+", for want of the right to get them; what they lead through was left out")
	}
	return append(notes, u.others...)
}

// listed joins names as a sentence has them.
func listed(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
