package lint

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// complaint is one line of an error: file, line, what.
var complaint = regexp.MustCompile(`^web\.yaml:(\d+): .`)

// Whatever is read, the reader neither panics nor points to a line that is not there.
func FuzzRead(f *testing.F) {
	f.Add([]byte(base))
	f.Add([]byte(whole + "---\n{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [null, {}]}"))
	f.Add([]byte("{\"a\": 1}{\"b\": 2}\n---\na: &a {b: c}\nd: {<<: [*a, *a], <<: *a}\n"))
	f.Add([]byte(strings.ReplaceAll(base, "metadata: {name: web, namespace: shop}", "metadata: {name: web, name: web, labels: {1: 2, 1: 3}}")))
	f.Add([]byte("\xff\xfea\x00:\x00"))
	f.Add([]byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: '{{ a }}'}\nspec: {x.y[0]: 1, replicas: a}\n"))
	f.Add([]byte("- {op: add, path: /a}\n---\nkind: Kustomization\napiVersion: kustomize.config.k8s.io/v1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var o Objects
		err := o.Read(bytes.NewReader(text), "web.yaml", "shop")
		decoded, decodeErr := decoded(bytes.NewReader(text))
		if decodeErr != nil {
			return
		}
		lines := bytes.Count(decoded, newline) + bytes.Count(decoded, []byte("\r")) +
			bytes.Count(decoded, []byte("\u0085")) + bytes.Count(decoded, []byte("\u2028")) + bytes.Count(decoded, []byte("\u2029")) + 2
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				found := complaint.FindStringSubmatch(line)
				if found == nil {
					t.Fatalf("not one line: %q", err)
				}
				if at, err := strconv.Atoi(found[1]); err != nil || at < 1 || at > lines {
					t.Errorf("%q of %d lines", line, lines)
				}
			}
		}
		r := Lint(&o)
		for i := range r.Findings {
			if at := r.Findings[i].Place.Line; at < 1 || at > lines {
				t.Errorf("line %d of %d: %+v", at, lines, r.Findings[i])
			}
		}
		if err := WriteText(io.Discard, r); err != nil {
			t.Error(err)
		}
	})
}
