package script

import "slices"

// prompt are programs that do little and end by themselves at once: none is what a
// container is there for, and a hook takes no time by them.
var prompt = []string{
	":", "true", "false", "test", "[", "[[", "echo", "printf", "cd", "pwd", "export", "readonly", "local", "declare", "typeset",
	"unset", "set", "shopt", "umask", "ulimit", "shift", "alias", "unalias", "type", "hash", "getopts", "let",
	"mkdir", "rmdir", "touch", "rm", "cp", "mv", "ln", "chmod", "chown", "chgrp", "install", "mktemp",
	"date", "id", "whoami", "hostname", "uname", "basename", "dirname", "readlink", "realpath", "which", "command", "nproc", "env", "printenv",
	"ls", "stat", "cut", "tr", "expr", "seq", "kill", "pkill", "killall", "killall5", "logger", "sync", "chpasswd", "sysctl",
}

// preparing are programs that read, write and wait before or beside what a container is
// there for; how long they take is not known.
var preparing = []string{
	"cat", "tee", "sed", "awk", "grep", "egrep", "head", "tail", "sort", "uniq", "wc", "find", "xargs", "envsubst", "jq", "yq", "read",
	"curl", "wget", "nc", "ncat", "dig", "nslookup", "getent", "ping", "sleep", "usleep", "wait", "pidof", "pgrep", "ps", "openssl", "tar", "unzip", "gzip", "base64",
}

// ComesWithShell tells of a shell, and of programs of which an image holds none that has no
// shell: those of coreutils, procps and the like.
func ComesWithShell(name string) bool {
	_, isShell := shells[name]
	return isShell || name == "busybox" || isPreparing(name) && name != "openssl"
}

func isPrompt(name string) bool { return slices.Contains(prompt, name) }

func isPreparing(name string) bool { return isPrompt(name) || slices.Contains(preparing, name) }

// absentPrograms are words of the shell's language for which no system has a program
// (POSIX makes no program of special built-ins, 2.14).
var absentPrograms = []string{"exec", "source", ".", "export", "set", "trap", "eval", "shift", "unset", "readonly", "local", "if", "while", "for"}
