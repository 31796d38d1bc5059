package lint

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// Identity is what tells one finding from another for as long as nobody mends it:
// neither the file nor the line, which move, nor the words.
type Identity struct {
	Rule      string `json:"rule"`
	Namespace string `json:"namespace,omitempty"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Container string `json:"container,omitempty"`
	// Field is the path to the field, with no numbers of list items in it: they
	// change when a container is put in front.
	Field string `json:"field"`
}

var itemNumber = regexp.MustCompile(`\[\d+\]`)

// Identity gives the finding's.
func (f *Finding) Identity() Identity {
	return Identity{
		Rule: f.Rule, Namespace: f.Place.Namespace, Kind: f.Place.Kind, Name: f.Place.Name,
		Container: f.Place.Container, Field: itemNumber.ReplaceAllString(f.Place.Field, "[]"),
	}
}

// Fingerprint is short, and the same for the same identity.
func (i Identity) Fingerprint() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{i.Rule, i.Namespace, i.Kind, i.Name, i.Container, i.Field}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// String names it for a person.
func (i Identity) String() string {
	s := i.Rule + " of " + strings.ToLower(i.Kind) + "/" + i.Name
	if i.Container != "" {
		s += ", container " + i.Container
	}
	if i.Namespace != "" {
		s += ", namespace " + i.Namespace
	}
	return s
}
