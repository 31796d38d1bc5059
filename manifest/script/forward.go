package script

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// forwarding is what a script itself does for its program behind a trap that only returns:
// such a trap ends the wait, or the sleep of a loop, and the script goes on (POSIX 2.12;
// measured as process 1 with dash and bash).
type forwarding struct {
	// signals tells of a signal to a program in the background, waits that the script stays
	// for a time after it; kills of SIGKILL, which no program can handle.
	signals, waits, kills bool
	// maybe tells of something of which it is not known whether it stops the program.
	maybe bool
}

func (a forwarding) join(b forwarding) forwarding {
	return forwarding{a.signals || b.signals, a.waits || b.waits, a.kills || b.kills, a.maybe || b.maybe}
}

// forward takes note of a command outside of traps.
func (w *walk) forward(words []word, f flow) flow {
	if f.back == nil || f.trap != idles || f.ended {
		return f
	}
	name := path.Base(words[0].text)
	on := f.waits > 0 || f.sleeps
	switch {
	case name == "kill" || name == "pkill" || name == "killall":
		// One that has others reload is sent early, one that ends them is not.
		signal, _ := signalAndTargets(words[1:], name)
		if !on && !slices.Contains([]string{"SIGTERM", "SIGINT", "SIGQUIT"}, signal) {
			return f
		}
		a := action{walk: w}
		a.kill(name, words[1:])
		w.toAll = w.toAll || a.toAll
		f.forwards.signals = f.forwards.signals || a.passes
		f.forwards.kills = f.forwards.kills || a.kills
	case !on:
	case maySignal(words):
		f.forwards.maybe = true
	case !isPrompt(name):
		f.forwards.waits = f.forwards.waits || f.forwards.signals
	}
	return f
}

// forwardAll takes note of what is done within a node of which the order or the shell is
// not followed: a loop, a subshell, a pipe. A loop waits for what it has signalled.
func (w *walk) forwardAll(node syntax.Node, f flow) flow {
	if f.back == nil || f.trap != idles || f.ended || f.waits == 0 && !f.sleeps {
		return f
	}
	var in func(node syntax.Node, depth int)
	in = func(node syntax.Node, depth int) {
		syntax.Walk(node, func(n syntax.Node) bool {
			if one, is := n.(*syntax.Stmt); is && one.Background {
				if call, is := one.Cmd.(*syntax.CallExpr); is && len(call.Args) > 0 && !isPreparing(call.Args[0].Lit()) {
					return false // a program that is started
				}
			}
			c, is := n.(*syntax.CallExpr)
			if !is || len(c.Args) == 0 {
				return true
			}
			words := newScope(nil, nil).fields(c.Args)
			if len(words) == 0 {
				return true
			}
			if body := w.declared[words[0].text]; body != nil {
				if depth > 0 {
					in(body, depth-1)
				}
				return true
			}
			f = w.forward(words, f)
			return true
		})
	}
	in(node, maxDepth)
	f.forwards.waits = f.forwards.waits || f.forwards.signals
	return f
}

// maySignal tells of a command that is not known to leave the programs in the background
// alone: another program, or one that asks a server for something by its words.
func maySignal(words []word) bool {
	name := path.Base(words[0].text)
	switch {
	case !words[0].known, !isPreparing(name), name == "xargs":
		return true
	case name == "curl", name == "wget", name == "nc":
		return slices.ContainsFunc(words[1:], func(w word) bool {
			return !w.known || strings.HasPrefix(w.text, "-X") || strings.HasPrefix(w.text, "-d") || containsAny(w.text, "--request", "--data", "--post", "--method", "stop", "shut", "quit", "exit", "drain", "kill", "term")
		})
	default:
		return false
	}
}
