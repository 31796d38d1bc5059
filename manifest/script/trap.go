package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// trap takes note of what is to be done on SIGTERM.
func (w *walk) trap(words []word, f flow) flow {
	if len(words) > 0 && words[0].text == "--" {
		words = words[1:]
	}
	if len(words) < 2 {
		return f // it lists the traps, or resets one
	}
	for _, signal := range words[1:] {
		switch name := strings.TrimPrefix(strings.ToUpper(signal.text), "SIG"); {
		case !signal.known:
			f.lost = true
		case name == "TERM" || name == "15":
			switch action := words[0]; {
			case action.known && (action.text == "-" || action.text == ""):
				f.trap = untrapped
			case action.known:
				f.trap = trapOf(action.text)
			default:
				f.trap = drains
			}
		case (name == "EXIT" || name == "0") && f.trap == untrapped && words[0].text != "-" && words[0].text != "":
			f.trap = atExit
		}
	}
	return f
}

// trapOf tells what a trap's text does for the shell's children.
func trapOf(text string) trapped {
	file, err := parse(text)
	if err != nil {
		return drains
	}
	passes, ends := false, false
	for _, stmt := range file.Stmts {
		call, is := stmt.Cmd.(*syntax.CallExpr)
		if !is || len(call.Args) == 0 || stmt.Background {
			return drains
		}
		switch name := call.Args[0].Lit(); {
		case name == "kill" || name == "pkill" || name == "killall":
			passes = true
		case name == "exit":
			ends = true
		case name == "trap" || isPrompt(name):
		default:
			return drains // it waits, or does what is not known
		}
	}
	switch {
	case passes && ends:
		return handsAndExits
	case passes:
		return hands
	case ends:
		return exits
	default:
		return idles
	}
}
