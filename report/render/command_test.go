package render

import (
	"bytes"
	"html"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/joshdk/go-junit"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// craftedNames are those of a recording that somebody else has made up.
var craftedNames = []string{
	"web; touch PWNED", "$(touch PWNED)", "`touch PWNED`", "web\ntouch PWNED\n", "a'; touch PWNED; '", `a"; touch PWNED; "`, "--kubeconfig=evil", "a && touch PWNED", "\x1b]0;x\x07",
}

// patched is a report with one fix.
func patched(name string) *report.Report {
	return &report.Report{
		Verdict: report.Failed, Workload: name, Namespace: name,
		Findings: []report.Finding{{Cause: report.NoDrain, Fix: report.Fix{Text: "Do it.", Patch: `{"spec":{"containers":[{"name":"` + strings.ReplaceAll(name, `"`, "") + `"}]}}`}}},
	}
}

var (
	fence  = regexp.MustCompile("(?s)```+sh\n(.*?)\n *```")
	copied = regexp.MustCompile(`(?s)<div class="patch"><pre><code>(.*?)</code>`)
)

// printedCommand gives the command of a report as somebody would copy it.
func printedCommand(t *testing.T, format, out string) string {
	t.Helper()
	var found string
	switch format {
	case "markdown":
		if m := fence.FindStringSubmatch(out); m != nil {
			found = m[1]
		}
	case "html":
		if m := copied.FindStringSubmatch(out); m != nil {
			found = html.UnescapeString(m[1])
		}
	case "junit":
		suites, err := junit.Ingest([]byte(out))
		if err != nil || len(suites) != 1 || len(suites[0].Tests) == 0 {
			t.Fatalf("%d suites, %v", len(suites), err)
		}
		found = suites[0].Tests[0].Error.Error()
	default:
		found = out
	}
	if i := strings.Index(found, "kubectl patch"); i >= 0 {
		found = found[i:]
	}
	if !strings.HasPrefix(found, "kubectl patch") {
		t.Fatalf("no command in\n%s", out)
	}
	// The patch is the last that is in quotes, behind it stands what is not of the command.
	command, _, _ := strings.Cut(found, "\n\n")
	return command
}

// runsOnlyKubectl runs a command where kubectl only tells its arguments.
func runsOnlyKubectl(t *testing.T, command, workload, namespace, patch string) {
	t.Helper()
	folder := t.TempDir()
	sh := exec.CommandContext(t.Context(), "sh", "-c", `kubectl() { printf '%s\0' "$@"; }`+"\n"+command)
	sh.Dir = folder
	out, err := sh.Output()
	if err != nil {
		t.Fatalf("%v in %q", err, command)
	}
	want := strings.Join([]string{"patch", workload, "-n", namespace, "--patch", patch, ""}, "\x00")
	if string(out) != want {
		t.Errorf("%q\ngave kubectl %q\nwant         %q", command, out, want)
	}
}

// operand is what a name becomes that would be obeyed, or taken for an option.
func operand(name string) string {
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	return clean(name)
}

func TestNoFormatPrintsACommandThatDoesMore(t *testing.T) {
	for _, name := range craftedNames {
		r := patched(name)
		for format, write := range map[string]func(*bytes.Buffer) error{
			"text":     func(w *bytes.Buffer) error { return Text(w, r, TextOptions{}) },
			"markdown": func(w *bytes.Buffer) error { return Markdown(w, r) },
			"html":     func(w *bytes.Buffer) error { return HTML(w, r) },
			"junit":    func(w *bytes.Buffer) error { return JUnit(w, r) },
		} {
			t.Run(format+"/"+name, func(t *testing.T) {
				var out bytes.Buffer
				if err := write(&out); err != nil {
					t.Fatal(err)
				}
				runsOnlyKubectl(t, printedCommand(t, format, out.String()), operand(name), operand(name), clean(r.Findings[0].Fix.Patch))
			})
		}
	}
}

func FuzzPatchCommand(f *testing.F) {
	for _, name := range craftedNames {
		f.Add(name, name, name)
	}
	f.Fuzz(func(t *testing.T, workload, namespace, patch string) {
		command, last := patchCommand(&report.Report{Workload: workload, Namespace: namespace}, &report.Finding{Fix: report.Fix{Patch: patch}})
		if obeying := command + last; clean(obeying) != obeying {
			t.Errorf("%q holds what a terminal obeys", obeying)
		}
		runsOnlyKubectl(t, command+" "+last, graphic(operand(workload)), graphic(operand(namespace)), graphic(patch))
	})
}

// graphic is what is left of a word in a command.
func graphic(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsGraphic(c) {
			return unicode.ReplacementChar
		}
		return c
	}, text)
}
