package attack

import (
	"bytes"
	"net/http"
	"reflect"
	"strings"
	"testing"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func anywhere(string) error { return nil }

func TestTargetFilesThatAreWrong(t *testing.T) {
	nowhere := func(file, text string) error {
		_, err := readTargetsText(file, text)
		return err
	}
	for _, tt := range []struct{ name, text, want string }{
		{"t.txt", "", "t.txt:1:1: no target; want at least one"},
		{"t.txt", "# nothing\n\n", "t.txt:1:1: no target; want at least one"},
		{"t.txt", "\n  http://web/\n", `t.txt:2:3: "http://web/" is no target; want a method in capitals and a URL, for example GET http://web/`},
		{"t.txt", "get http://web/\n", `t.txt:1:1: "get http://web/" is no target; want a method in capitals and a URL, for example GET http://web/`},
		{"t.txt", "GET /path\n", `t.txt:1:5: "/path" goes elsewhere than the stream; want a URL on http://web`},
		{"t.txt", "GET http://web/ö\n\nGET http://other/\n", `t.txt:3:5: "http://other/" goes elsewhere than the stream; want a URL on http://web`},
		{"t.txt", "GET http://me:secret@web/\n", `t.txt:1:5: the URL holds a user name or password; want none`},
		{"t.txt", "GET http://web/a\nGET http://web/b\n", "t.txt:2:1: a target begins on the line below another; want an empty line between"},
		{"t.txt", "GET http://web/\n  Authorization Bearer x\n", "t.txt:2:3: no header; want NAME: VALUE, @FILE with a body, or an empty line"},
		{"t.txt", "GET http://web/\nConnection: close\n", "t.txt:2:1: header's name: Connection is set by the stream itself; want another"},
		{"t.txt", "POST http://web/\n@none.json\n", "t.txt:2:2: open none.json: no such file or directory; want a file that can be read"},
		{"t.json", "\n{\"method\":\"GET\"\n", `t.json:2:16: not JSON: unexpected end of JSON input; want one object a line, for example {"method":"GET","url":"http://web/"}`},
		{"t.json", `{"ö":1,"method":5}`, `t.json:1:17: number for method; want one object a line, for example {"method":"GET","url":"http://web/"}`},
		{"t.json", `{"url":"http://web/"}`, `t.json:1:1: no method; want one such as GET`},
		{"t.json", `{"method":"GET","url":"http://other/"}`, `t.json:1:24: "http://other/" goes elsewhere than the stream; want a URL on http://web`},
		{"t.json", `{"method":"GET","url":"http://web/","header":{"A":["x\ny"]}}`, `t.json:1:48: header's value: holds a line break or another control character; want none`},
	} {
		if err := nowhere(tt.name, tt.text); err == nil || err.Error() != tt.want {
			t.Errorf("%q\ngot  %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

// What we take, vegeta takes, and for the same targets.
func TestTargetsAreVegetas(t *testing.T) {
	body := write(t, "body", "x")
	for _, text := range []string{
		"GET http://web/\n",
		"# all\nGET http://web/a\n\n\nHEAD http://web/b\nX-A: 1\nx-a: 2\n# more\nX-B:3\n\nPOST http://web/c\nA: b\n@" + body + "\n",
		"PUT http://web/a\n@" + body + "\nGET http://web/b",
		"GET http://web/a b\r\n\r\nGET http://web/c\r\nA: b: c\r\n",
	} {
		same(t, readFile(check.ReadFile).parseHTTPTargets, func(text string) vegeta.Targeter {
			return vegeta.NewHTTPTargeter(strings.NewReader(text), nil, nil)
		}, text)
	}
	for _, text := range []string{
		`{"method":"GET","url":"http://web/"}`,
		"\n" + `{"method":"POST","url":"http://web/","body":"eA==","header":{"A":["b","c"]}}` + "\n\n" + `{"url":"http://web/b","method":"HEAD"}`,
	} {
		same(t, parseJSONTargets, func(text string) vegeta.Targeter {
			return vegeta.NewJSONTargeter(strings.NewReader(text+"\n"), nil, nil)
		}, text)
	}
}

type parser func(file, text string, allowed func(string) error) ([]vegeta.Target, error)

func same(t *testing.T, parse parser, vegetas func(string) vegeta.Targeter, text string) {
	t.Helper()
	got, err := parse("t", text, anywhere)
	if err != nil {
		t.Errorf("%q: %v", text, err)
		return
	}
	want, err := vegeta.ReadAllTargets(vegetas(text))
	if err != nil {
		t.Errorf("%q: vegeta: %v", text, err)
		return
	}
	if len(got) != len(want) {
		t.Errorf("%q: %d targets, vegeta has %d", text, len(got), len(want))
		return
	}
	for i := range got {
		if got[i].Method != want[i].Method || got[i].URL != want[i].URL || !bytes.Equal(got[i].Body, want[i].Body) ||
			!reflect.DeepEqual(got[i].Header, orEmpty(want[i].Header)) {
			t.Errorf("%q: target %d is %+v, vegeta's is %+v", text, i, got[i], want[i])
		}
	}
}

func orEmpty(h http.Header) http.Header {
	if h == nil {
		return http.Header{}
	}
	return h
}

// readTargetsText reads targets of a stream to http://web/.
func readTargetsText(file, text string) ([]vegeta.Target, error) {
	allowed, err := onlyTo("http://web/")
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(file, ".json") {
		return parseJSONTargets(file, text, allowed)
	}
	return readFile(check.ReadFile).parseHTTPTargets(file, text, allowed)
}

func FuzzTargets(f *testing.F) {
	f.Add("GET http://web/\nA: b\n\nPOST http://web/c\n")
	f.Add("# x\nGET http://web/\nA:b\nGET http://web/\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "@") || len(text) > 1<<12 {
			return // no file is read here
		}
		if targets, err := readTargetsText("t.txt", text); err == nil && len(targets) > 0 {
			same(t, readFile(check.ReadFile).parseHTTPTargets, func(text string) vegeta.Targeter {
				return vegeta.NewHTTPTargeter(strings.NewReader(text), nil, nil)
			}, text)
		}
		_, _ = readTargetsText("t.json", text)
	})
}
