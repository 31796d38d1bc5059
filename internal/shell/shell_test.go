package shell

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// shown are the words that stand for others in a line.
func shown(texts ...string) []string {
	for i, text := range texts {
		text = strings.Map(func(c rune) rune {
			if !unicode.IsGraphic(c) {
				return unicode.ReplacementChar
			}
			return c
		}, text)
		if strings.HasPrefix(text, "-") {
			text = "./" + text
		}
		texts[i] = text
	}
	return texts
}

// readBack gives the words of a line as a real shell reads them.
func readBack(t *testing.T, line string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s\0' `+line).Output()
	if err != nil {
		t.Fatalf("sh -c %q: %v", line, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

var hostile = []string{
	"web", "", "web; rm -rf ~", "$(touch x)", "`id`", "a'b", `a"b`, `a\`, "two\nlines", "-rf", "--kubeconfig=/evil", "~", "*", "#", "!!", "{a,b}", "a|b>c&",
	"\x1b[2Jgone", "\x00", "\xff", "\u202egnp", "'$(id)'", "日本", "%s", "a  b", "=ls",
}

func TestLineIsReadAsItWasMeant(t *testing.T) {
	for _, text := range hostile {
		line := Line("kubectl patch %s -n %s --patch %s", "deployment/"+text, text, "{}")
		want := slices.Concat([]string{"kubectl", "patch"}, shown("deployment/"+text), []string{"-n"}, shown(text), []string{"--patch", "{}"})
		if got := readBack(t, line); !slices.Equal(got, want) {
			t.Errorf("%q is read as %q, want %q", line, got, want)
		}
	}
}

func TestOrdinaryNamesStandAsTheyAre(t *testing.T) {
	const want = "shutdowncheck restore deployment/web-1 -n team_a.x"
	if got := Line("shutdowncheck restore %s -n %s", "deployment/web-1", "team_a.x"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := Words([]string{"helm", "upgrade", "--set", "a=b c"}), "helm upgrade --set 'a=b c'"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzLine(f *testing.F) {
	for i, text := range hostile {
		f.Add(text, hostile[len(hostile)-1-i])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		line := Line("kubectl logs %s -c %s --previous", a, b)
		want := slices.Concat([]string{"kubectl", "logs"}, shown(a), []string{"-c"}, shown(b), []string{"--previous"})
		if got := readBack(t, line); !slices.Equal(got, want) {
			t.Errorf("%q is read as %q, want %q", line, got, want)
		}
		if i := strings.IndexFunc(line, func(c rune) bool { return !unicode.IsGraphic(c) }); i >= 0 {
			t.Errorf("%q holds what a terminal obeys", line)
		}
	})
}
