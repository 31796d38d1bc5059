package lint

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestGroups(t *testing.T) {
	type words struct{ why, fix string }
	tests := map[string]struct {
		findings []words
		// want has for each group its words, and then what "[...]" is in each member.
		want []string
	}{
		"alike":               {[]words{{"It has none.", "Add one."}, {"It has none.", "Add one."}}, []string{"It has none. Add one. [ / ]"}},
		"numbers":             {[]words{{"It sleeps 5 s.", "Wait."}, {"It sleeps 20.5 s.", "Wait."}, {"It sleeps 7 s.", "Wait."}}, []string{"It sleeps 5 to 20.5 s. Wait. [ /  / ]"}},
		"numbers of a fix":    {[]words{{"It sleeps.", "Set it to 35."}, {"It sleeps.", "Set it to 40."}}, []string{"It sleeps. Set it to [...]. [35 / 40]"}},
		"singular":            {[]words{{"Of 1 pod 1 may go.", "Set it."}, {"Of 3 pods 2 may go.", "Set it."}}, []string{"Of 1 to 3 pods 1 to 2 may go. Set it. [ / ]"}},
		"a name":              {[]words{{"PID 1 is sh, which does not stop: python app.py never learns of it.", "Use exec."}, {"PID 1 is sh, which does not stop: node never learns of it.", "Use exec."}}, []string{"PID 1 is sh, which does not stop: [...] never learns of it. Use exec. [python app.py / node]"}},
		"a name at the end":   {[]words{{"The program that starts here first is a", "Go."}, {"The program that starts here first is b", "Go."}, {"The program that starts here first is c d", "Go."}}, []string{"The program that starts here first is [...] Go. [a / b / c d]"}},
		"two names":           {[]words{{"PID 1 is sh, which is so very long that python never learns.", "Go."}, {"PID 1 is ash, which is so very long that node never learns.", "Go."}}, []string{"PID 1 is sh, which is so very long that python never learns. Go. []", "PID 1 is ash, which is so very long that node never learns. Go. []"}},
		"a word more":         {[]words{{"It does wait for what is in flight, and ends.", "Go."}, {"It does not wait for what is in flight, and ends.", "Go."}}, []string{"It does wait for what is in flight, and ends. Go. []", "It does not wait for what is in flight, and ends. Go. []"}},
		"a text":              {[]words{{`It is the text "0": the API server refuses it.`, "Go."}, {`It is the text "1": the API server refuses it.`, "Go."}}, []string{`It is the text "[...]": the API server refuses it. Go. [0 / 1]`}},
		"a port":              {[]words{{"The probe asks port 8002, which no service leads users to.", "Go."}, {"The probe asks port 8404, which no service leads users to.", "Go."}}, []string{"The probe asks port [...], which no service leads users to. Go. [8002 / 8404]"}},
		"signs of a sentence": {[]words{{"preStop runs sh, which the image must hold.", "Start the program itself, without sh: node a.js."}, {"preStop runs /bin/bash, which the image must hold.", "Start the program itself, without /bin/bash: node a.js."}}, []string{"preStop runs [...], which the image must hold. Start the program itself, without [...]: node a.js. [sh / /bin/bash]"}},
		"brackets":            {[]words{{"It tells the server to stop (nginx -s quit) at once.", "Go."}, {"It tells the server to stop (kill 1) at once.", "Go."}}, []string{"It tells the server to stop ([...]) at once. Go. [nginx -s quit / kill 1]"}},
		"brackets of a name":  {[]words{{"It tells the server to stop by kill $(cat a) at once.", "Go."}, {"It tells the server to stop by kill $(cat b) at once.", "Go."}}, []string{"It tells the server to stop by kill $(cat [...]) at once. Go. [a / b]"}},
		"other words":         {[]words{{"It has none.", "Go."}, {"It is short.", "Go."}}, []string{"It has none. Go. []", "It is short. Go. []"}},
		"not as a beginning":  {[]words{{"There is one pod here at all times of the day.", "Go."}, {"There is one pod here at all times of the day. It is the autoscaler's minimum, and so on.", "Go."}}, []string{"There is one pod here at all times of the day. Go. []", "There is one pod here at all times of the day. It is the autoscaler's minimum, and so on. Go. []"}},
		"a name in one place and then in another": {[]words{
			{"a b c d e f g h i j k l m n", "Go."}, {"a x c d e f g h i j k l m n", "Go."}, {"a b c d e f g h i j k l y n", "Go."},
		}, []string{"a [...] c d e f g h i j k l m n Go. [b / x]", "a b c d e f g h i j k l y n Go. []"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var findings []Finding
			for _, w := range test.findings {
				findings = append(findings, Finding{Rule: "rule", Severity: Warning, Why: w.why, Fix: w.fix})
			}
			var got []string
			for _, g := range groups(findings) {
				got = append(got, fmt.Sprintf("%s %s [%s]", g.why, g.fix, strings.Join(g.values, " / ")))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestGroupsKeepApart(t *testing.T) {
	base := Finding{Rule: "rule", Severity: Warning, Why: "Why.", Fix: "Fix."}
	for name, change := range map[string]func(*Finding){
		"rule":     func(f *Finding) { f.Rule = "other" },
		"severity": func(f *Finding) { f.Severity = Note },
		"cause":    func(f *Finding) { f.Cause = "no-drain" },
	} {
		other := base
		change(&other)
		if n := len(groups([]Finding{base, other})); n != 2 {
			t.Errorf("%s: %d groups, want 2", name, n)
		}
	}
}

// shop is a manifest of so many Deployments with a service each, as demos have them.
func shop(n int) string {
	var all strings.Builder
	for i := range n {
		grace, period := "", 2+i%4
		if i%2 == 0 {
			grace = "      terminationGracePeriodSeconds: 5\n"
		}
		fmt.Fprintf(&all, `apiVersion: apps/v1
kind: Deployment
metadata: {name: service%[1]d}
spec:
  selector: {matchLabels: {app: service%[1]d}}
  template:
    metadata: {labels: {app: service%[1]d}}
    spec:
%[2]s      containers:
      - name: server
        image: demo/service%[1]d:1
        ports: [{containerPort: %[3]d}]
        command: [sh, -c, "python service%[1]d.py"]
        readinessProbe: {exec: {command: [/probe, "-addr=:%[3]d"]}}
        livenessProbe: {exec: {command: [/probe, "-addr=:%[3]d"]}, periodSeconds: %[4]d}
---
apiVersion: v1
kind: Service
metadata: {name: service%[1]d}
spec: {selector: {app: service%[1]d}, ports: [{port: 80, targetPort: %[3]d}]}
---
`, i, grace, 8000+i, period)
	}
	return all.String()
}

// What a group says is true of each of its members.
func TestWordsOfGroupsAreTrueOfEach(t *testing.T) {
	ranges := regexp.MustCompile(`([0-9.]+) to ([0-9.]+)`)
	findings := Lint(read(t, shop(14))).Findings
	all := groups(findings)
	members := 0
	for _, g := range all {
		members += len(g.members)
		for i, f := range g.members {
			pattern := regexp.QuoteMeta(g.why)
			for _, r := range ranges.FindAllString(g.why, -1) {
				pattern = strings.Replace(pattern, regexp.QuoteMeta(r), `([0-9.]+)`, 1)
			}
			pattern = strings.ReplaceAll(pattern, `\[\.\.\.\]`, ".*")
			found := regexp.MustCompile("^" + pattern + "$").FindStringSubmatch(f.Why)
			if found == nil {
				t.Errorf("%q is not of the form %q", f.Why, g.why)
				continue
			}
			for k, r := range ranges.FindAllStringSubmatch(g.why, -1) {
				if n := float(t, found[k+1]); n < float(t, r[1]) || n > float(t, r[2]) {
					t.Errorf("%q is not within %q", f.Why, g.why)
				}
			}
			for value := range strings.SplitSeq(g.values[i], ", ") {
				if !strings.Contains(f.Why+f.Fix, value) {
					t.Errorf("%q is not in %q", value, f.Why)
				}
			}
		}
	}
	if members != len(findings) || len(all) > 6 {
		t.Errorf("%d of %d findings in %d groups", members, len(findings), len(all))
	}
}

func float(t *testing.T, s string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(strings.TrimSuffix(s, "."), 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A demo of 14 Deployments that lacks everything takes about a screen, and still names
// each place of what counts.
func TestTextOfManyFitsAScreen(t *testing.T) {
	r := Lint(read(t, shop(14)))
	var text bytes.Buffer
	if err := WriteText(&text, r); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text.String(), "\n"); n > 76 || r.Count(Warning) < 42 {
		t.Errorf("%d lines for %d warnings:\n%s", n, r.Count(Warning), text.String())
	}
	flat := strings.Join(strings.Fields(text.String()), " ")
	for i := range r.Findings {
		f := &r.Findings[i]
		if place := fmt.Sprintf("%s:%d", f.Place.Name, f.Place.Line); f.Severity != Note && !strings.Contains(flat, place) {
			t.Errorf("%s is not named", place)
		}
	}
}

// One budget that blocks two workloads is not said to be two.
func TestGroupOfOneObject(t *testing.T) {
	budgets := slices.DeleteFunc(Lint(read(t, change(t, budget1, "  maxUnavailable: 0\n"))).Findings, func(f Finding) bool { return f.Rule != "budget-blocks" })
	second := budgets[0]
	second.Workload = "deployment/api"
	budgets = append(budgets, second)
	all := groups(budgets)
	if len(budgets) != 2 || len(all) != 1 {
		t.Fatalf("%+v", budgets)
	}
	const want = "1 PodDisruptionBudget in web.yaml, namespace shop, as name:line: web:29 (for deployment/web), web:29 (for deployment/api)"
	if got := all[0].places(9); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Whatever the words are, each finding is in one group, and a group of one has its own.
func FuzzGroups(f *testing.F) {
	f.Add("a b c d e f g h\na x c d e f g h\na b c d e f g\n\n1 pod\n2 pods")
	f.Add("It sleeps 5 s.\nIt sleeps 5. s\nIt sleeps 1e9 s.\n5\n5 5")
	f.Fuzz(func(t *testing.T, lines string) {
		var findings []Finding
		for line := range strings.SplitSeq(lines, "\n") {
			findings = append(findings, Finding{Why: line, Fix: "Go."}, Finding{Why: "Why.", Fix: line})
		}
		n := 0
		for _, g := range groups(findings) {
			n += len(g.members)
			if len(g.values) != len(g.members) || len(g.members) == 1 && g.why != strings.Join(strings.Fields(g.members[0].Why), " ") {
				t.Errorf("%q of %+v", g.why, g.members[0])
			}
		}
		if n != len(findings) {
			t.Errorf("%d of %d findings", n, len(findings))
		}
	})
}
