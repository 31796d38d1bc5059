package script

import (
	"path"
	"strings"
)

// File is one that a container finds, and whose text is known.
type File struct {
	Text string
	// Executable tells that it may be run by its own name.
	Executable bool
}

// interpreter gives the words of a file's first line by which the kernel runs it (execve(2)),
// without env before them; nil for none.
func (f File) interpreter() []string {
	line, _, _ := strings.Cut(f.Text, "\n")
	named, is := strings.CutPrefix(line, "#!")
	words := strings.Fields(named)
	if !is || len(words) == 0 {
		return nil
	}
	if path.Base(words[0]) == "env" {
		words = words[1:]
		if len(words) > 0 && words[0] == "-S" {
			words = words[1:]
		}
	}
	return words
}

// Interpreter is the program that reads a file of the container that is run by its own name;
// empty where that is not known.
func (c Context) Interpreter(file string) string {
	if words := c.Files[file].interpreter(); len(words) > 0 {
		return words[0]
	}
	return ""
}

// shellCall looks whether words start a shell, by its name or by that of a script, and reads
// the script where its file is known.
func (c Context) shellCall(words []string) (call, bool) {
	if f, known := c.Files[words[0]]; known && f.Executable {
		if by := f.interpreter(); len(by) > 0 {
			words = append(by, words...)
		}
	}
	found, isShell := shellCall(words, c.Sh)
	if f, known := c.Files[found.file]; isShell && known && !found.inline {
		found.inline, found.text, found.hasText = true, f.Text, true
	}
	return found, isShell
}

// Refused says why the kernel does not run a file of the container (execve(2), EACCES); empty where
// it does, or that is not known.
func (c Context) Refused(program string) string {
	if f, known := c.Files[program]; known && !f.Executable {
		return program + " is not executable: its volume's defaultMode, or the item's mode, gives it no right to be run (0644 by default)"
	}
	return ""
}
