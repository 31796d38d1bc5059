package attack

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// newMessages reads the files that the stream names, and gives what it sends, in
// turn if there are several. What is wrong with the files is a check.FieldError,
// with fields as seen from the stream.
func newMessages(cfg Config) ([]*message, error) {
	target, s, read := cfg.Target, cfg.Stream, readFile(cfg.readFile)
	if s.Kind == check.GRPCCalls {
		call, err := cfg.newCall()
		if err != nil {
			return nil, err
		}
		return []*message{call}, nil
	}
	body, err := readBody(s.Body, read)
	if err != nil {
		return nil, err
	}
	all := []vegeta.Target{{Method: s.Method, URL: s.URL}}
	if s.Targets != nil {
		if all, err = readTargets(s.Targets, s.URL, read); err != nil {
			return nil, err
		}
	}
	messages := make([]*message, len(all))
	for i := range all {
		if target.Trace && tellsTrace(all[i].Header) {
			return nil, &check.FieldError{Field: "targets.file", Problem: fmt.Sprintf("%s %s: %s", all[i].Method, check.ShownURL(all[i].URL), check.TwoTraceParents)}
		}
		if s.ExpectBody != nil && all[i].Method == http.MethodHead {
			return nil, &check.FieldError{Field: "expectBody", Problem: fmt.Sprintf("HEAD %s: the answer to a HEAD has no body; want another method in targets.file", check.ShownURL(all[i].URL))}
		}
		header := headerOf(target.Headers, s.Headers)
		for name, values := range all[i].Header {
			header.Del(name)
			header[name] = values
		}
		if s.Connections == check.New && s.Protocol == check.HTTP1 {
			header.Set("Connection", "close")
		}
		all[i].Header = header
		if all[i].Body == nil {
			all[i].Body = body
		}
		if messages[i], err = newMessage(all[i], s.Name, s.Body != nil && s.Body.Chunked); err != nil {
			return nil, fmt.Errorf("encode the request %s %s: %w", all[i].Method, check.ShownURL(all[i].URL), err)
		}
	}
	return messages, nil
}

// tellsTrace finds a traceparent, however it is written.
func tellsTrace(header http.Header) bool {
	for name := range header {
		if http.CanonicalHeaderKey(name) == check.TraceParent {
			return true
		}
	}
	return false
}

func readBody(b *check.Body, read readFile) ([]byte, error) {
	switch {
	case b == nil:
		return nil, nil
	case b.File == "":
		return []byte(b.Text.Reveal()), nil
	}
	body, err := read(b.File, check.MostTargets)
	if err != nil {
		return nil, &check.FieldError{Field: "body.file", Problem: fmt.Sprintf("%v; want a file that can be read", err)}
	}
	return body, nil
}

// headerOf gives the fields of all lists. Those of a later one take the place of
// earlier ones of the same name.
func headerOf(lists ...[]check.Header) http.Header {
	header := http.Header{}
	for _, list := range lists {
		for _, h := range list {
			header.Del(h.Name)
		}
		for _, h := range list {
			header.Add(h.Name, h.Value.Reveal())
		}
	}
	return header
}

// readTargets reads a file of vegeta's targets. All have to go where the stream
// goes: what is checked is one service.
func readTargets(t *check.Targets, streamURL string, read readFile) ([]vegeta.Target, error) {
	text, err := read(t.File, check.MostTargets)
	if err != nil {
		return nil, &check.FieldError{Field: "targets.file", Problem: fmt.Sprintf("%v; want a file that can be read", err)}
	}
	parse := read.parseHTTPTargets
	if t.Format == check.TargetsJSON {
		parse = parseJSONTargets
	}
	allowed, err := onlyTo(streamURL)
	if err != nil {
		return nil, err
	}
	targets, err := parse(t.File, string(text), allowed)
	if err != nil {
		return nil, &check.FieldError{Field: "targets.file", Problem: err.Error()}
	}
	return targets, nil
}

// onlyTo takes URLs of the stream's own origin.
func onlyTo(streamURL string) (func(raw string) error, error) {
	home, err := url.Parse(streamURL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	return func(raw string) error {
		u, err := url.ParseRequestURI(raw)
		switch {
		case err != nil:
			return fmt.Errorf("%q is no URL; want an absolute one", check.ShownURL(raw))
		case u.User != nil:
			return fmt.Errorf("the URL holds a user name or password; want none")
		case !strings.EqualFold(u.Scheme, home.Scheme) || u.Hostname() != home.Hostname() || portOf(u) != portOf(home):
			return fmt.Errorf("%q goes elsewhere than the stream; want a URL on %s://%s", check.ShownURL(raw), home.Scheme, home.Host)
		default:
			return nil
		}
	}, nil
}

// portOf gives the port that is dialled for a URL.
func portOf(u *url.URL) string {
	if strings.EqualFold(u.Scheme, "https") {
		return cmp.Or(u.Port(), "443")
	}
	return cmp.Or(u.Port(), "80")
}
