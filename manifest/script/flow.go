package script

import (
	"cmp"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// program is one that a script runs.
type program struct {
	words []string
	// replaces tells that it stands where some shells become the program, sure that every version
	// does.
	replaces, sure bool
	// start is what becomes of the signal that it gets, if it is a shell itself.
	start Start
	// became tells that a shell has become it by exec.
	became bool
	// behind tells of one in the background that a shell stays before it, which dies of a
	// signal to what $! names, piped that what $! names is another program.
	behind, piped bool
}

// name is the program's in short, without what only starts it.
func (p *program) name() string {
	if p.start.Words != nil {
		return short(p.start.Words)
	}
	return short(p.words)
}

// flow is a moment in a script: what has been started by then.
type flow struct {
	on bool
	// fore is the last program that ran in the foreground, back one in the background.
	fore, back *program
	// daemon is a server that ran and put itself into the background (see daemonizes).
	daemon *program
	// later tells that something else was run behind fore.
	later bool
	// holds tells that something without end is in the foreground beside back.
	holds bool
	// waits counts the waits for back, lingers tells that more than that came after one;
	// sleeps tells of a loop that sleeps while back runs.
	waits   int
	lingers bool
	sleeps  bool
	// ended tells that a wait which a trap ends has ended the script too, by set -e: its status
	// is that of a signal (POSIX, set; measured with all three).
	ended bool
	// trap is the one of SIGTERM that counts now or, where the script waits for back, did so
	// then; atExit is that of the shell's end.
	trap, waitTrap, atExit trapped
	// otherLast tells that what went into the background last is beside what the container is
	// there for: $! is the number of that.
	otherLast bool
	// ignores tells that SIGTERM is ignored.
	ignores bool
	// forwards is what the script itself does behind a trap that only returns.
	forwards forwarding
	// lost tells that what was run is not known, sourced that it is what a file did which the shell
	// has read into itself, if no program came behind it.
	lost    bool
	sourced bool
}

// join is where two paths meet.
func join(a, b flow) flow {
	switch {
	case !a.on:
		return b
	case !b.on:
		return a
	}
	// One that was not started on both is not sure.
	if a.daemon == nil || b.daemon == nil {
		a.daemon, b.daemon = nil, nil
	}
	return flow{
		on: true, daemon: a.daemon, fore: cmp.Or(a.fore, b.fore), back: cmp.Or(a.back, b.back), later: a.later || b.later || a.fore != nil && b.fore != nil && a.fore != b.fore,
		holds: a.holds || b.holds, waits: max(a.waits, b.waits), lingers: a.lingers || b.lingers, ended: a.ended && b.ended, sleeps: a.sleeps || b.sleeps, trap: max(a.trap, b.trap), waitTrap: max(a.waitTrap, b.waitTrap), atExit: max(a.atExit, b.atExit), ignores: a.ignores && b.ignores, otherLast: a.otherLast && b.otherLast, forwards: a.forwards.join(b.forwards), lost: a.lost || b.lost, sourced: a.sourced || b.sourced,
	}
}

// judge tells what becomes of a signal after a path through the script, and of which
// program; nil for none that matters.
func (w *walk) judge(f flow) (Outcome, *program) {
	switch {
	case f.waits > 0:
		f.trap = f.waitTrap
	case f.sleeps && f.fore == nil:
		f.waits = 2 // the loop goes on after the trap
	}
	once := f.waits == 1 && !f.lingers // the script ends behind the wait that the trap has ended
	cut := w.dialect == Bash && f.trap == untrapped && f.atExit != untrapped
	trap := f.trap.atEnd(f.atExit, w.dialect, once)
	if trap == idles && f.back != nil && f.waits > 0 && !f.holds {
		switch does := f.forwards; {
		case does.signals && does.waits:
			trap = drains
		case does.signals:
			trap, once = hands, true
		case does.maybe:
			return Unknown, f.back
		case does.kills:
			trap = exits
		}
	}
	passes := trap == drains || trap == hands || trap == handsAndExits
	switch {
	case f.lost || f.sourced:
		return Unknown, cmp.Or(f.fore, f.back, &program{})
	case f.back != nil && (f.waits > 0 || f.holds || f.fore == nil):
		switch {
		case f.waits == 0 && !f.holds:
			return Reaches, nil // nothing is left in the foreground, and the container ends
		case trap == untrapped:
			return Stays, f.back
		case f.holds && cut:
			return Cuts, f.back
		case f.holds:
			return Waits, f.back
		case passes && w.toLast && f.otherLast && !w.toAll:
			if once && !w.waitsForAll {
				return Cuts, f.back
			}
			return Stays, f.back
		case trap == holds, trap == idles && !once, passes && f.back.piped && !w.toAll:
			return Stays, f.back
		case trap == exits, trap == idles, passes && f.back.behind && !w.toAll:
			return Cuts, f.back
		case trap == handsAndExits, trap == hands && once:
			return Hurries, f.back
		default:
			if w.interrupt != "" && passes {
				w.interrupted = f.back
			}
			return Reaches, nil
		}
	case f.fore == nil:
		return Reaches, nil
	case cut:
		return Cuts, f.fore
	case f.trap != untrapped:
		return Waits, f.fore
	case f.fore.replaces && f.fore.sure && f.atExit == untrapped:
		return f.fore.start.Outcome, f.fore
	case f.fore.replaces && f.atExit == untrapped:
		return max(MayStay, f.fore.start.Outcome), f.fore
	default:
		return Stays, f.fore
	}
}

// alone is the one simple command that is all of bash's script, which each version becomes
// (execute_cmd.c and builtins/evalstring.c, ONESHOT: not where a newline follows); nil for others.
func (w *walk) alone(shell call) *program {
	if w.dialect != Bash || len(w.file.Stmts) != 1 || len(w.ends) != 1 || strings.TrimSpace(shell.text) != shell.text {
		return nil
	}
	if call, is := w.file.Stmts[0].Cmd.(*syntax.CallExpr); !is || len(call.Args) == 0 || isBuiltin(call.Args[0].Lit()) || len(w.file.Stmts[0].Redirs) > 0 || w.file.Stmts[0].Semicolon.IsValid() {
		return nil
	}
	return w.ends[0].fore
}

// isBuiltin tells of words by which the shell itself runs a program.
func isBuiltin(word string) bool { return word == "command" || word == "builtin" || word == "eval" }

// words are those of the program in which the script ends.
func (w *walk) words() []string {
	var found []string
	for _, s := range w.became {
		if found != nil || s.Words == nil {
			return nil
		}
		found = s.Words
	}
	for _, f := range w.ends {
		if f.fore == nil && f.back == nil {
			continue
		}
		if found != nil || f.fore == nil || f.later || f.lost || f.sourced || f.holds {
			return nil
		}
		if found = f.fore.start.Words; found == nil {
			return nil
		}
	}
	return found
}

func programWords(s Start) []string {
	if s.Words != nil {
		return s.Words
	}
	return []string{s.Program}
}

// ran is after a program in the foreground.
func ran(f flow, p *program) flow {
	f = f.onward()
	if p == nil {
		f.later = true
		return f
	}
	f.fore, f.later = p, false
	if len(p.words) > 0 && daemonizes(p.words) {
		f.daemon = p
	}
	if p.start.Outcome == Unknown {
		f.lost = true
	}
	return f
}

// onward is after something that is done behind a wait, if there is one.
func (f flow) onward() flow {
	f.lingers = f.lingers || f.waits > 0 && !f.ended
	return f
}

// condition is after what was only asked, or has failed: a program in it is not what the
// container is there for, and a file that could not be sourced has changed nothing.
func condition(before, after flow) flow {
	after.fore, after.later, after.lost, after.sourced = before.fore, before.later, before.lost, before.sourced
	return after
}
