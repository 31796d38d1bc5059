package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHeadersFromElsewhere(t *testing.T) {
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("TOKEN", "Bearer s3cret: x")
	t.Setenv("NOTHING", "")
	two := file("two", "Authorization: Bearer s3cret\r\n\nX-Team=env:TOKEN\n")
	bad := file("bad", "A: b\nno header s3cret\n")
	name := file("name", "A B: s3cret\n")
	empty := file("empty", "\n")
	tests := map[string]struct{ flag, want, problem string }{
		"plain":          {"A: b: c", "A=b: c", ""},
		"environment":    {"Authorization=env:TOKEN", "Authorization=Bearer s3cret: x", ""},
		"a value as it":  {"A: B=env:TOKEN", "A=B=env:TOKEN", ""},
		"file":           {"@" + two, "Authorization=Bearer s3cret X-Team=Bearer s3cret: x", ""},
		"unset":          {"A=env:NOT_THERE", "", "the environment has no variable NOT_THERE for the header A; want it set"},
		"empty":          {"A=env:NOTHING", "", "the variable NOTHING for the header A is empty; want a value"},
		"no variable":    {"A=env:", "", "A=env: names no variable; want one such as A=env:TOKEN"},
		"no file":        {"@" + folder + "/gone", "", "open " + folder + "/gone: no such file or directory; want @FILE with a header on each line"},
		"a bad line":     {"@" + bad, "", bad + ":2: no header; want NAME: VALUE, NAME=env:VARIABLE or @FILE"},
		"a bad name":     {"@" + name, "", name + `:1: name: "A B" is no header's name; want one such as Authorization`},
		"an empty file":  {"@" + empty, "", empty + " holds no header; want NAME: VALUE on each line"},
		"nothing at all": {"s3cret", "", "no header; want NAME: VALUE, NAME=env:VARIABLE or @FILE"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			headers, err := parseHeaders(test.flag)
			var got []string
			for _, h := range headers {
				got = append(got, h.Name+"="+h.Value.Reveal())
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if problem := problemOf(err); problem != test.problem {
				t.Errorf("got  %s\nwant %s", problem, test.problem)
			}
		})
	}
}

func problemOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
