package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// step is what became of a change.
type step string

const (
	// stepBegun is written before the change is made.
	stepBegun step = "begun"
	// stepKept is a change that stays, because it came to its end.
	stepKept step = "kept"
	// stepRestored is a change that was undone, stepLeft one that somebody
	// else's change replaced.
	stepRestored step = "restored"
	stepLeft     step = "left"
)

// entry is one line of the journal.
type entry struct {
	At        time.Time `json:"at"`
	Run       string    `json:"run"`
	Namespace string    `json:"namespace"`
	Object    string    `json:"object"`
	UID       types.UID `json:"uid"`
	Step      step      `json:"step"`
	Change    change    `json:"change"`
}

// write adds the entry to the journal at path and returns when it is on the
// disk, with the file's name in its folder if the file is new.
func (e entry) write(path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the restore journal: %w", err)
		}
	}()
	e.Change = e.Change.withoutValues()
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, missing := os.Stat(path)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if missing == nil {
		return nil
	}
	return syncFolder(filepath.Dir(path))
}

// withoutValues gives the change as the journal has it: nobody reads values back
// from there, for the annotation has them, beside the same ones in the object.
func (c change) withoutValues() change {
	if c.Image == nil {
		return c
	}
	c.Image = new(*c.Image)
	c.Image.Env = slices.Clone(c.Image.Env)
	for i := range c.Image.Env {
		v := &c.Image.Env[i]
		v.To = check.HiddenText(v.To)
		if v.From != nil {
			v.From = new(check.HiddenText(*v.From))
		}
	}
	return c
}
