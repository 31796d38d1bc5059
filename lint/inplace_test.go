package lint

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// fixesInPlace tells whether a file takes all its patches, has what Fix foretold then, and
// is not changed a second time. A list's items alone are refused.
func fixesInPlace(t *testing.T, f *Fix, manifests string) {
	t.Helper()
	r := f.InPlace("web.yaml", []byte(manifests))
	ofList := func(err error) bool { return strings.HasSuffix(err.Error(), ": it is an item of a list") }
	listed := strings.Contains(manifests, "kind: List\n") && len(r.Refused) == len(f.Patched)
	if listed && !slices.ContainsFunc(r.Refused, func(err error) bool { return !ofList(err) }) {
		return
	}
	if r.Changed != len(f.Patched) || len(r.Refused) > 0 {
		t.Fatalf("%d changed and %q refused of %d", r.Changed, r.Refused, len(f.Patched))
	}
	after := read(t, string(r.Text))
	if left := Lint(after); !slices.Equal(sentences(left), sentences(f.Left)) {
		t.Errorf("in place %q, foretold %q, of\n%s", sentences(left), sentences(f.Left), r.Text)
	}
	again, err := NewFix(after, keepAll)
	if err != nil {
		t.Fatal(err)
	}
	if second := again.InPlace("web.yaml", r.Text); !bytes.Equal(second.Text, r.Text) {
		t.Errorf("a second time\n%s\nbecame\n%s", r.Text, second.Text)
	}
}

// layouts are ways to write one Deployment with findings; each + or - line of want is one
// that is added or taken away.
const plainLayout = `# the shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web # 	tabs	in a comment
spec:
  # how many
  replicas: 3
  strategy:
    type: "Recreate" # no
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      # the containers
      containers:
      - # first
        name: app
        # comes from the registry
        image: "app:1"
        ports:
        - containerPort: 8080

        # asked by the kubelet
        readinessProbe: {httpGet: {path: /ready, port: 8080}}
        livenessProbe:
          failureThreshold: 1   # one is enough?
          periodSeconds: 30
          initialDelaySeconds: 5
          httpGet: {path: /live, port: 8080}
      - command:
        - sleep
        - infinity
        name: other
        image: other
`

// leading is a service of the layouts' pods, so that requests are known to reach them.
const leading = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}\n"

func TestInPlace(t *testing.T) {
	const added = `+        lifecycle:
+          preStop:
+            sleep:
+              seconds: 5
`
	const patient = `-          failureThreshold: 1   # one is enough?
+          failureThreshold: 3   # one is enough?
`
	tests := map[string]struct {
		changes []string
		want    string
		refused string
	}{
		"plain": {want: `-    type: "Recreate" # no
+    type: "RollingUpdate" # no
` + added + patient},
		"replicas not there": {changes: []string{"  # how many\n  replicas: 3\n  strategy:\n    type: \"Recreate\" # no\n", ""}, want: "+  replicas: 2\n" + added + patient},
		"flow": {changes: []string{"  strategy:\n    type: \"Recreate\" # no\n", "  strategy: {type: Recreate} # no\n", "        ports:\n", "        lifecycle: {}\n        ports:\n"}, want: `-  strategy: {type: Recreate} # no
+  strategy: {type: RollingUpdate} # no
-        lifecycle: {}
+        lifecycle: {preStop: {sleep: {seconds: 5}}}
` + patient},
		"JSON in YAML": {changes: []string{"        ports:\n", "        lifecycle: {\"postStart\": {\"sleep\": {\"seconds\": 1}}}\n        ports:\n"}, want: `-    type: "Recreate" # no
+    type: "RollingUpdate" # no
-        lifecycle: {"postStart": {"sleep": {"seconds": 1}}}
+        lifecycle: {"preStop": {"sleep": {"seconds": 5}}, "postStart": {"sleep": {"seconds": 1}}}
` + patient},
		"empty value": {changes: []string{"        ports:\n", "        lifecycle: # nothing\n        ports:\n"}, want: `-    type: "Recreate" # no
+    type: "RollingUpdate" # no
` + strings.TrimPrefix(added, "+        lifecycle:\n") + patient},
		"a tilde": {changes: []string{"        ports:\n", "        lifecycle: ~ # nothing\n        ports:\n"}, want: `-    type: "Recreate" # no
+    type: "RollingUpdate" # no
-        lifecycle: ~ # nothing
+        lifecycle: {preStop: {sleep: {seconds: 5}}} # nothing
` + patient},
		"null": {changes: []string{"        ports:\n", "        lifecycle: null\n        ports:\n"}, want: `-    type: "Recreate" # no
+    type: "RollingUpdate" # no
-        lifecycle: null
+        lifecycle: {preStop: {sleep: {seconds: 5}}}
` + patient},
		"Null with a quoted key": {changes: []string{"        ports:\n", "        \"lifecycle\":   Null\n        ports:\n"}, want: `-    type: "Recreate" # no
+    type: "RollingUpdate" # no
-        "lifecycle":   Null
+        "lifecycle":   {"preStop": {"sleep": {"seconds": 5}}}
` + patient},
		"a null further in": {changes: []string{"        ports:\n", "        lifecycle: {preStop: null, postStart: {sleep: {seconds: 1}}}\n        ports:\n"}, want: `-    type: "Recreate" # no
+    type: "RollingUpdate" # no
-        lifecycle: {preStop: null, postStart: {sleep: {seconds: 1}}}
+        lifecycle: {preStop: {sleep: {seconds: 5}}, postStart: {sleep: {seconds: 1}}}
` + patient},
		"null on a line of its own": {changes: []string{"        ports:\n", "        lifecycle:\n          null\n        ports:\n"}, want: `-    type: "Recreate" # no
+    type: "RollingUpdate" # no
-          null
+          {preStop: {sleep: {seconds: 5}}}
` + patient},
		"a null with a tag": {changes: []string{"        ports:\n", "        lifecycle: !!null ~\n        ports:\n"}, refused: "cannot be changed safely"},
		"the first entry is a list": {changes: []string{"      - # first\n        name: app\n        # comes from the registry\n        image: \"app:1\"\n        ports:\n        - containerPort: 8080\n", "      - ports:\n        - containerPort: 8080\n        name: app\n        image: app\n"}, want: `-    type: "Recreate" # no
+    type: "RollingUpdate" # no
` + added + patient},
		"a hook that goes": {changes: []string{"        ports:\n", "        lifecycle:\n          preStop:\n            exec:\n              command: [sleep, \"1\"]\n        ports:\n"}, want: `-    type: "Recreate" # no
+    type: "RollingUpdate" # no
-            exec:
+            sleep:
-              command: [sleep, "1"]
+              seconds: 5
` + patient},
		"a comment would go":      {changes: []string{"        ports:\n", "        lifecycle:\n          preStop:\n            exec: # drains\n              command: [sleep, \"1\"]\n        ports:\n"}, refused: "a comment stands in what has to go"},
		"a flow of several lines": {changes: []string{"        ports:\n", "        lifecycle: {preStop: {exec: {\n          command: [sleep, \"1\"]}}}\n        ports:\n"}, refused: "several lines"},
		"a hook in a flow": {changes: []string{"        ports:\n", "        lifecycle: {preStop: {exec: {command: [sleep, \"1\"]}}, postStart: {sleep: {seconds: 1}}} # {\n        ports:\n"}, want: `-    type: "Recreate" # no
+    type: "RollingUpdate" # no
-        lifecycle: {preStop: {exec: {command: [sleep, "1"]}}, postStart: {sleep: {seconds: 1}}} # {
+        lifecycle: {preStop: {sleep: {seconds: 5}}, postStart: {sleep: {seconds: 1}}} # {
` + patient},
		"a first entry that ends where its key begins": {changes: []string{"      - # first\n        name: app\n", "      - command: [\n        serve]\n        name: app\n"}, refused: "cannot be changed safely"},
		"an anchor":           {changes: []string{"  strategy:\n", "  strategy: &rollout\n"}, refused: "an anchor or an alias"},
		"an alias":            {changes: []string{"metadata:\n  name: web", "x-strategy: &s {type: Recreate}\nmetadata:\n  name: web", "  strategy:\n    type: \"Recreate\" # no\n", "  strategy: *s\n"}, refused: "an anchor or an alias"},
		"a merge":             {changes: []string{"    type: \"Recreate\" # no\n", "    <<: {type: Recreate}\n"}, refused: "a merge key"},
		"an escape in quotes": {changes: []string{"\"Recreate\"", `"Recr\u0065ate"`}, refused: "cannot be changed safely"},
	}
	for name, test := range tests {
		text := plainLayout
		for i := 0; i < len(test.changes); i += 2 {
			if !strings.Contains(text, test.changes[i]) {
				t.Fatalf("%s: %q is not there", name, test.changes[i])
			}
			text = strings.Replace(text, test.changes[i], test.changes[i+1], 1)
		}
		other := strings.ReplaceAll(shop(2), "replicas: 2", "replicas: 2 # stays")
		for layout, write := range map[string]func(string) string{
			"alone":                     func(s string) string { return s },
			"CRLF":                      func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
			"no newline at the end":     func(s string) string { return strings.TrimSuffix(s, "\n") },
			"between others":            func(s string) string { return other + "--- # next\n" + s + "---\n# nothing\n---   \n" + other[:0] },
			"after an empty one, ended": func(s string) string { return "---\n" + s + "...\n" },
		} {
			t.Run(name+"/"+layout, func(t *testing.T) {
				inPlace(t, write(text), test.want, test.refused)
			})
		}
	}
}

// inPlace compares the lines that are added and taken away from web, in any document of
// the text.
func inPlace(t *testing.T, text, want, refused string) {
	t.Helper()
	o := read(t, text)
	if err := o.Read(strings.NewReader(leading), "service.yaml", ""); err != nil {
		t.Fatal(err)
	}
	f, err := NewFix(o, func(r *Report) {
		r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool { return f.Place.Name != "web" })
	})
	if err != nil {
		t.Fatal(err)
	}
	r := f.InPlace("web.yaml", []byte(text))
	if refused != "" {
		if len(r.Refused) != 1 || !strings.Contains(r.Refused[0].Error(), refused) || string(r.Text) != text {
			t.Errorf("%q, want %q; became\n%s", r.Refused, refused, r.Text)
		}
		return
	}
	if len(r.Refused) > 0 {
		t.Fatal(r.Refused)
	}
	if got := difference(text, string(r.Text)); got != strings.ReplaceAll(want, "\n", ending(text)) && got != strings.TrimSuffix(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func ending(text string) string {
	if strings.Contains(text, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// difference gives the lines that are only in one of two texts, in their order: a line of
// before that does not come next in after is gone, one of after that is not in before is
// new.
func difference(before, after string) string {
	var out strings.Builder
	rest := slices.Collect(strings.Lines(before))
	for line := range strings.Lines(after) {
		at := slices.Index(rest, line)
		if at < 0 {
			if len(rest) > 0 && !strings.Contains(after, rest[0]) {
				out.WriteString("-" + rest[0])
				rest = rest[1:]
			}
			out.WriteString("+" + line)
			continue
		}
		for _, gone := range rest[:at] {
			out.WriteString("-" + gone)
		}
		rest = rest[at+1:]
	}
	for _, gone := range rest {
		out.WriteString("-" + gone)
	}
	return out.String()
}

func TestInPlaceRefusesFiles(t *testing.T) {
	f, err := NewFix(read(t, change(t, lifecycle, "")), keepAll)
	if err != nil || len(f.Patched) != 1 {
		t.Fatal(f, err)
	}
	item := strings.ReplaceAll(strings.TrimSpace(strings.TrimPrefix(plainLayout, "# the shop\n")), "\n", "\n  ")
	list := "apiVersion: v1\nkind: List\nitems:\n- " + item + "\n"
	for name, test := range map[string]struct{ text, want string }{
		"a list":            {list, "it is an item of a list"},
		"JSON":              {`{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"strategy": {"type": "Recreate"}, "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "app", "ports": [{"containerPort": 80}]}]}}}}`, "the file is JSON"},
		"a byte order mark": {"\ufeff" + plainLayout, "byte order mark"},
	} {
		f, err := NewFix(read(t, test.text), keepAll)
		if err != nil || len(f.Patched) != 1 {
			t.Fatal(name, f, err)
		}
		r := f.InPlace("web.yaml", []byte(test.text))
		if len(r.Refused) != 1 || !strings.Contains(r.Refused[0].Error(), test.want) || string(r.Text) != test.text {
			t.Errorf("%s: %q", name, r.Refused)
		}
	}
}
