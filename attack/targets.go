package attack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// What vegeta's own readers of these formats take is taken here too. They do not
// tell where a file is wrong, and take some that mean something else than they
// say, as two targets without an empty line between.

// requestLine is how a target begins in the format "http".
var requestLine = regexp.MustCompile(`^[A-Z]+\s`)

// positioned is an error at a place in a file of targets; both count from 1, and
// columns in characters.
type positioned struct {
	file         string
	line, column int
	err          error
}

func (e *positioned) Error() string {
	return fmt.Sprintf("%s:%d:%d: %v", e.file, e.line, e.column, e.err)
}

func (e *positioned) Unwrap() error { return e.err }

// httpTargets reads the format "http":
//
//	POST http://web/order
//	Content-Type: application/json
//	@order.json
//
// with an empty line between targets and comments after '#'.
type httpTargets struct {
	file     string
	allowed  func(url string) error
	readFile readFile
	targets  []vegeta.Target
	// open tells that lines belong to the last target.
	open bool
}

func (read readFile) parseHTTPTargets(file, text string, allowed func(url string) error) ([]vegeta.Target, error) {
	p := httpTargets{file: file, allowed: allowed, readFile: read}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if err := p.line(number, line); err != nil {
			return nil, err
		}
	}
	return found(file, p.targets)
}

func (p *httpTargets) line(number int, line string) error {
	content := strings.TrimSpace(line)
	fail := func(at, format string, args ...any) error {
		return &positioned{p.file, number, columnOf(line, at), fmt.Errorf(format, args...)}
	}
	switch {
	case content == "":
		p.open = false
	case strings.HasPrefix(content, "#"):
	case !p.open:
		method, url, found := strings.Cut(content, " ")
		if !found || !requestLine.MatchString(content) {
			return fail(content, "%q is no target; want a method in capitals and a URL, for example GET http://web/", content)
		}
		if err := p.allowed(url); err != nil {
			return fail(url, "%w", err)
		}
		p.targets = append(p.targets, vegeta.Target{Method: method, URL: url, Header: http.Header{}})
		p.open = true
	case requestLine.MatchString(content):
		// vegeta takes it for a target where no header came before, and for a
		// header otherwise.
		return fail(content, "a target begins on the line below another; want an empty line between")
	case strings.HasPrefix(content, "@"):
		body, err := p.readFile(content[1:], check.MostTargets)
		if err != nil {
			return fail(content[1:], "%w; want a file that can be read", err)
		}
		p.targets[len(p.targets)-1].Body = body
		p.open = false
	default:
		name, value, found := strings.Cut(content, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !found || value == "" {
			// What it says may be a secret.
			return fail(content, "no header; want NAME: VALUE, @FILE with a body, or an empty line")
		}
		if err := (check.Header{Name: name, Value: check.Secret(value)}).Validate(); err != nil {
			return fail(content, "header's %w", err)
		}
		header := p.targets[len(p.targets)-1].Header
		header[name] = append(header[name], value)
	}
	return nil
}

// jsonTarget is a line of the format "json".
type jsonTarget struct {
	Method string              `json:"method"`
	URL    string              `json:"url"`
	Body   []byte              `json:"body"`
	Header map[string][]string `json:"header"`
}

func parseJSONTargets(file, text string, allowed func(url string) error) ([]vegeta.Target, error) {
	var targets []vegeta.Target
	number := 0
	for line := range strings.Lines(text) {
		number++
		if strings.TrimSpace(line) == "" {
			continue
		}
		fail := func(column int, format string, args ...any) error {
			return &positioned{file, number, column, fmt.Errorf(format, args...)}
		}
		var t jsonTarget
		if err := json.Unmarshal([]byte(line), &t); err != nil {
			return nil, fail(jsonColumn(line, err), "%s; want one object a line, for example {\"method\":\"GET\",\"url\":\"http://web/\"}", jsonProblem(err))
		}
		if t.Method == "" {
			return nil, fail(1, "no method; want one such as GET")
		}
		if err := allowed(t.URL); err != nil {
			return nil, fail(columnOf(line, t.URL), "%w", err)
		}
		header := http.Header{}
		for name, values := range t.Header {
			for _, value := range values {
				if err := (check.Header{Name: name, Value: check.Secret(value)}).Validate(); err != nil {
					return nil, fail(columnOf(line, name), "header's %w", err)
				}
			}
			header[name] = values
		}
		targets = append(targets, vegeta.Target{Method: t.Method, URL: t.URL, Body: t.Body, Header: header})
	}
	return found(file, targets)
}

// found refuses a file without targets.
func found(file string, targets []vegeta.Target) ([]vegeta.Target, error) {
	if len(targets) == 0 {
		return nil, &positioned{file, 1, 1, errors.New("no target; want at least one")}
	}
	return targets, nil
}

// columnOf is where a part of a line begins.
func columnOf(line, part string) int {
	before, _, found := strings.Cut(line, part)
	if !found || part == "" {
		return 1
	}
	return utf8.RuneCountInString(before) + 1
}

func jsonColumn(line string, err error) int {
	var offset int64 = 1
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = mismatch.Offset
	}
	offset = min(max(offset, 1), int64(len(line)))
	return utf8.RuneCountInString(line[:offset-1]) + 1
}

// jsonProblem tells what is wrong without the words of the decoder's types.
func jsonProblem(err error) string {
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%s for %s", mismatch.Value, mismatch.Field)
	}
	return "not JSON: " + err.Error()
}
