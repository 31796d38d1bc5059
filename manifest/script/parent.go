package script

import (
	"path"
	"slices"
	"strings"
)

// parents run a program as their child and pass no SIGTERM on: as process 1 they do not hear
// it (util-linux sys-utils/flock.c, unshare.c, GNU time.c; measured with util-linux 2.38 and
// time 1.9). Their options that take a word of their own stand behind their names.
var parents = map[string]starter{
	"flock":   {valued: []string{"-w", "--timeout", "--wait", "-E", "--conflict-exit-code"}, operands: 1},
	"unshare": {valued: []string{"-R", "--root", "-w", "--wd", "-S", "--setuid", "-G", "--setgid", "--map-user", "--map-group", "--map-users", "--map-groups", "--propagation", "--setgroups", "--monotonic", "--boottime"}},
	"time":    {valued: []string{"-f", "--format", "-o", "--output"}},
}

// child gives the words of the program that a parent runs; nil where it is none, or becomes
// the program itself.
func child(words []string) []string {
	name := path.Base(words[0])
	parent, is := parents[name]
	if !is {
		return nil
	}
	program, known := parent.program(words[1:])
	if !known || len(program) == 0 {
		return nil
	}
	options := words[1 : len(words)-len(program)]
	switch {
	case name == "flock" && has(options, "F", "--no-fork"), name == "unshare" && has(options, "", "--forward-signals"):
		return nil
	case name == "unshare" && !has(options, "f", "--fork", "--kill-child"):
		return nil
	case name == "flock" && (program[0] == "-c" || program[0] == "--command"):
		return append([]string{"sh"}, program...)
	default:
		return program
	}
}

// controlsApache tells of the script that starts Apache and waits for it: upstream's and Debian's do
// not end in exec (apache/httpd support/apachectl.in; Debian calls it apache2ctl).
func controlsApache(words []string) bool {
	if name := path.Base(words[0]); name != "apachectl" && name != "apache2ctl" {
		return false
	}
	return slices.ContainsFunc(words[1:], func(w string) bool { return strings.TrimPrefix(w, "-D") == "FOREGROUND" })
}

// has tells of an option by its letter, alone or with others, or by one of its names.
func has(options []string, letter string, names ...string) bool {
	return slices.ContainsFunc(options, func(o string) bool {
		name, _, _ := strings.Cut(o, "=")
		return letter != "" && strings.HasPrefix(o, "-") && !strings.HasPrefix(o, "--") && strings.Contains(o, letter) || name != "" && slices.Contains(names, name)
	})
}
