package script

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Outcome is what becomes of a stop signal that goes to a container's first process.
type Outcome int

// The outcomes, from the best to the worst of which something is known.
const (
	// Reaches: a program gets it, or there is none that would have to.
	Reaches Outcome = iota
	// Unknown: what runs cannot be told.
	Unknown
	// ReadsFile: a shell reads a script that is not known.
	ReadsFile
	// Launched: npm or its kin start the program through a shell of their own, or go run does.
	Launched
	// MayStay: some versions of the shell become the program, others stay before it.
	MayStay
	// Rushes: what started the program hands the signal on, and kills it 2 s later.
	Rushes
	// Hurries: the shell hands the signal on and ends at once, without waiting for the
	// program to end.
	Hurries
	// Branches: on some paths a shell stays before its program, on others it becomes it.
	Branches
	// Cuts: the shell takes the signal and ends, and its end takes the program along.
	Cuts
	// Waits: the shell traps the signal, but runs its trap only once the program that it
	// has in the foreground has ended.
	Waits
	// Stays: the shell neither takes the signal nor hands it on.
	Stays
)

// Start is how a container starts.
type Start struct {
	Outcome Outcome
	// Partly tells of Hurries that on other paths the signal reaches the program.
	Partly bool
	// Repeats tells of Hurries that the trap signals the shell too, which ends it.
	Repeats bool
	// Shell is the one that is the first process or the init's child; empty for none. It is
	// of the Dialect.
	Shell   string
	Dialect Dialect
	// Init is the init before it, Group tells that it signals all that runs.
	Init  string
	Group bool
	// Program is what the shell has started, in short; of Launched the launcher, of ReadsFile
	// the file. Of Rushes the Shell is su or runuser.
	Program string
	// Misnamed tells of a trap that names its signal in a way that dash does not know.
	Misnamed bool
	// Daemon tells that the Program has put itself into the background, and the Shell is no
	// more than what keeps the container running.
	Daemon bool
	// Ignores tells that SIGTERM is ignored as the program starts (trap '' TERM): it stays so
	// unless the program sets a handler.
	Ignores bool
	// Traps tells that the Shell has a trap for SIGTERM, so that it does not die of it either
	// where it is not the first process.
	Traps bool
	// Interrupt is the signal by which alone the shell stops the Program in its background, of
	// those that it has it ignore (see walk.interrupt). Reaches it is then only where the program
	// sets a handler.
	Interrupt string
	// Left are the words of a program that the shell started in the background before it became
	// another by exec: SIGTERM goes to that alone, and its end takes this one along. Nil for none.
	Left []string
	// Early is the word of a trap that the shell expands to nothing as it sets the trap.
	Early string
	// Fails says why the command cannot be run, so that the container never starts; empty where
	// it can, or that is not known.
	Fails string
	// Words are those of the program that is at the end of all, from its name on; nil where
	// it cannot be told.
	Words []string
}

// First judges the command by which a container starts. $(NAME) in it has been replaced
// already (see manifest.Words).
func First(words []string, c Context) Start { return first(words, c, 0, new(int)) }

// first judges what stands within depth other scripts, and counts its steps with theirs.
func first(words []string, c Context, depth int, steps *int) Start {
	u := unwrap(words, c.Env)
	if !u.known || depth > maxDepth || strings.Contains(u.words[0], "$(") {
		return Start{Outcome: Unknown, Init: u.init, Group: u.group}
	}
	name := path.Base(u.words[0])
	if slices.Contains(launchers, name) {
		return Start{Outcome: Launched, Init: u.init, Group: u.group, Program: name, Words: u.words}
	}
	if name == "go" && len(u.words) > 1 && u.words[1] == "run" {
		return Start{Outcome: Launched, Init: u.init, Group: u.group, Program: GoRun, Words: u.words}
	}
	if words := byOther(u.words); words != nil {
		start := first(words, c, depth+1, steps)
		start.Init, start.Group = cmp.Or(u.init, start.Init), u.group || start.Group
		if name == "runuser" || c.Sh != Busybox {
			start.Outcome, start.Shell = Rushes, name
			start.Program = cmp.Or(start.Program, short(start.Words))
		}
		return start
	}
	// Where it is not process 1 unshare blocks SIGTERM, and the others die of it.
	if words := child(u.words); words != nil && (u.init == "" && !c.SharedPIDs || name != "unshare") {
		return Start{Outcome: Stays, Shell: name, Init: u.init, Group: u.group, Program: short(words)}
	}
	if controlsApache(u.words) {
		return Start{Outcome: MayStay, Shell: name, Init: u.init, Group: u.group, Program: "httpd"}
	}
	shell, isShell := c.shellCall(u.words)
	if !isShell {
		start := Start{Outcome: Reaches, Init: u.init, Group: u.group, Program: short(u.words), Words: u.words, Ignores: c.ignores, Fails: cmp.Or(noProgram(u.words[0]), c.Refused(u.words[0]))}
		if ext := path.Ext(name); (ext == ".sh" || ext == ".bash") && !strings.Contains(name, "entrypoint") {
			start.Outcome, start.Shell, start.Program = ReadsFile, name, u.words[0]
		}
		return start
	}
	start := Start{Shell: shell.shell, Dialect: shell.dialect, Init: u.init, Group: u.group}
	switch {
	case shell.fails() != "" || !shell.inline && shell.file == "":
		start.Outcome, start.Fails = Unknown, shell.fails()
	case !shell.inline && becomesJava(shell.arguments):
		start.Words = []string{"java"}
	case !shell.inline:
		start.Outcome, start.Program = ReadsFile, shell.file
	default:
		judgeText(&start, shell, c, depth, steps)
	}
	return start
}

func judgeText(start *Start, shell call, c Context, depth int, steps *int) {
	file, err := parse(shell.text)
	if err != nil {
		start.Outcome = Unknown
		return
	}
	w := &walk{control: control[flow]{join: join}, context: c, dialect: shell.dialect, errexit: shell.errexit, line: shell.line, level: depth, steps: steps, file: file, declared: declared(file)}
	// No shell becomes the last command of a file (dash and busybox eval.c, EV_EXIT of -c alone; bash
	// evalstring.c, ONESHOT).
	if end := w.all(file.Stmts, newScope(c.Env, shell.arguments), flow{on: true, ignores: c.ignores}, shell.file == ""); end.on {
		w.ends = append(w.ends, end)
	}
	if w.lost {
		start.Outcome = Unknown
		return
	}
	if len(w.ends) == 0 && len(w.became) == 1 {
		start.Fails = w.became[0].Fails
	}
	var outcomes []Outcome
	forwards := false
	if p := w.alone(shell); p != nil {
		p.sure = true
	}
	for _, f := range w.ends {
		outcome, p := w.judge(f)
		if p == nil {
			forwards = forwards || f.forwards.signals
			continue
		}
		outcomes = append(outcomes, outcome)
		if outcome >= start.Outcome {
			start.Outcome, start.Program, start.Daemon = outcome, p.name(), f.daemon == p
			start.Traps = f.ignores || f.trap != untrapped || f.waitTrap != untrapped
			start.Ignores = p.start.Ignores
		}
	}
	for _, s := range w.became {
		outcomes = append(outcomes, s.Outcome)
		if s.Outcome > start.Outcome {
			start.Outcome, start.Program, start.Daemon, start.Traps = s.Outcome, s.Program, s.Daemon, s.Traps
			if s.Shell != "" {
				start.Shell, start.Dialect = s.Shell, s.Dialect
			}
		}
		start.Init, start.Group = cmp.Or(start.Init, s.Init), start.Group || s.Group
		if s.Left != nil {
			start.Left = s.Left
		}
		start.Ignores = start.Ignores || s.Ignores
	}
	if start.Outcome > Unknown && slices.Contains(outcomes, Unknown) {
		start.Outcome = Unknown
	}
	if start.Outcome >= Hurries && forwards {
		// Which path it takes behind its trap is not known.
		start.Outcome = Unknown
	}
	if start.Outcome >= Cuts && slices.Contains(outcomes, Reaches) {
		start.Outcome = Branches
	}
	start.Partly, start.Repeats = start.Outcome == Hurries && slices.Contains(outcomes, Reaches), w.repeats
	if p := w.interrupted; p != nil && start.Outcome == Reaches {
		start.Interrupt, start.Program, start.Words = w.interrupt, p.name(), programWords(p.start)
		return
	}
	start.Words, start.Misnamed, start.Early = w.words(), w.misnamed, w.expandedEarly
}

// short names a program by its first two words, or three where the second is an option,
// whose value the third may be.
func short(words []string) string {
	n := min(2, len(words))
	if n == 2 && len(words) > 2 && strings.HasPrefix(words[1], "-") {
		n = 3
	}
	return cmp.Or(strings.TrimSpace(inShort(words, n)), "the program")
}

// inShort quotes the first words of a command, and shows where there are more.
func inShort(words []string, most int) string {
	if len(words) <= most {
		return strings.Join(words, " ")
	}
	return strings.Join(words[:most], " ") + " ..."
}
