package script

import (
	"path"
	"slices"
	"strings"
)

// Dialect is a kind of shell, as far as its behaviour differs.
type Dialect string

// The dialects. Dash is the sh of Debian and Ubuntu, Busybox that of Alpine, Bash that
// of Fedora and its kin. Korn stands for ksh and zsh, of which nothing was measured.
const (
	Dash    Dialect = "dash"
	Bash    Dialect = "bash"
	Busybox Dialect = "busybox"
	Korn    Dialect = "ksh"
)

var shells = map[string]Dialect{"sh": "", "dash": Dash, "bash": Bash, "rbash": Bash, "ash": Busybox, "ksh": Korn, "mksh": Korn, "zsh": Korn}

// IsShell tells of a shell, by the name of a program.
func IsShell(program string) bool {
	_, is := shells[path.Base(program)]
	return is
}

// call is a command that starts a shell.
type call struct {
	shell   string // its name, without a path
	dialect Dialect
	// inline tells of -c, with or without a script after it. Without -c the shell reads a
	// file or, where none is named, what it is told.
	inline    bool
	text      string
	hasText   bool
	file      string
	arguments []string // $0 and after
	errexit   bool
	// line is the whole of its words, as pkill -f sees it.
	line string
}

// shellCall looks whether words start a shell. Options may stand before and after -c,
// and -o takes a word wherever it stands in a cluster (POSIX sh; measured).
func shellCall(words []string, sh Dialect) (call, bool) {
	if len(words) > 1 && path.Base(words[0]) == "busybox" {
		if _, isShell := shells[words[1]]; isShell {
			words, sh = words[1:], Busybox
		}
	}
	if len(words) == 0 {
		return call{}, false
	}
	c := call{shell: path.Base(words[0]), line: strings.Join(words, " ")}
	dialect, isShell := shells[c.shell]
	if !isShell {
		return call{}, false
	}
	if c.dialect = dialect; dialect == "" {
		c.dialect = sh
	}
	if c.dialect == "" {
		c.dialect = Dash
	}
	rest := words[1:]
	for len(rest) > 0 {
		option := rest[0]
		if option == "-" || option == "--" {
			rest = rest[1:]
			break
		}
		if len(option) < 2 || option[0] != '-' && option[0] != '+' {
			break
		}
		rest = rest[1:]
		if strings.HasPrefix(option, "--") {
			if slices.Contains([]string{"--rcfile", "--init-file"}, option) && len(rest) > 0 {
				rest = rest[1:]
			}
			continue
		}
		for _, letter := range option[1:] {
			switch letter {
			case 'c':
				c.inline = true
			case 'e':
				c.errexit = option[0] == '-'
			case 'o', 'O':
				if len(rest) > 0 {
					c.errexit = c.errexit || rest[0] == "errexit" && option[0] == '-'
					rest = rest[1:]
				}
			}
		}
	}
	switch {
	case len(rest) == 0:
	case c.inline:
		c.text, c.hasText, c.arguments = rest[0], true, rest[1:]
	default:
		c.file, c.arguments = rest[0], rest
	}
	return c, true
}
