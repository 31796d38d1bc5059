package script

import (
	"path"
	"slices"
	"strings"
)

// suOptions are those of su and runuser that take a word of their own (util-linux).
var suOptions = []string{"-s", "--shell", "-g", "--group", "-G", "--supp-group", "-w", "--whitelist-environment", "-u", "--user", "-c", "--command", "--session-command"}

// byOther gives the words that su and runuser start as another user, nil for none that are
// known. They stay before the program, hand SIGTERM on and send SIGKILL 2 s later (util-linux
// login-utils/su-common.c, create_watching_parent; measured with 2.38). That of busybox
// becomes the program.
func byOther(words []string) []string {
	name := path.Base(words[0])
	if name != "su" && name != "runuser" {
		return nil
	}
	shell, user := "sh", false
	var operands []string
	for rest := words[1:]; len(rest) > 0; {
		option, value, joined := strings.Cut(rest[0], "=")
		rest = rest[1:]
		switch {
		case option == "--":
			operands, rest = append(operands, rest...), nil
			continue
		case user && !strings.HasPrefix(option, "-"):
			return slices.Concat([]string{option}, rest)
		case !strings.HasPrefix(option, "-") || option == "-":
			operands = append(operands, option)
			continue
		case !slices.Contains(suOptions, option):
			continue
		case !joined:
			if len(rest) == 0 {
				return nil
			}
			value, rest = rest[0], rest[1:]
		}
		switch option {
		case "-s", "--shell":
			shell = value
		case "-u", "--user":
			user = name == "runuser"
		case "-c", "--command", "--session-command":
			return []string{shell, "-c", value}
		}
	}
	if user && len(operands) > 0 {
		return operands
	}
	return nil
}
