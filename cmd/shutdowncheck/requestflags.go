package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// requestFlags say what requests are made of and how they are sent.
type requestFlags struct {
	method         string
	headers        []check.Header
	bodyFile       string
	targets        string
	targetsFormat  string
	protocol       string
	maxConnections int
	caFile         string
	serverName     string
	insecure       bool
	trace          bool
	expectBody     check.ExpectBody
}

// headerType is the type of the flag whose values are secrets.
const headerType = "header"

func (f *requestFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.method, "method", check.DefaultMethod, "`METHOD` of the requests")
	flags.VarP(value{headerType, func(s string) error {
		headers, err := parseHeaders(s)
		f.headers = append(f.headers, headers...)
		return err
	}}, "header", "H", "header field of the requests, as `NAME: VALUE`, NAME=env:VARIABLE or @FILE with such fields, one a line (repeatable); its value is never recorded")
	flags.StringVar(&f.bodyFile, "body-file", "", "`FILE` with the body of the requests")
	flags.StringVar(&f.expectBody.Contains, "expect-body", "", "`TEXT` that the body of each answer to a short request has to contain")
	flags.StringVar(&f.expectBody.Matches, "expect-body-matches", "", "`REGEXP` that the body of each answer to a short request has to match, instead")
	flags.StringVar(&f.targets, "targets", "", "`FILE` of requests in vegeta's format, sent in turn")
	flags.StringVar(&f.targetsFormat, "targets-format", string(check.TargetsHTTP), "format of --targets: http or json")
	flags.StringVar(&f.protocol, "protocol", string(check.HTTP1), "version of HTTP: http/1.1, h2 or h2c")
	flags.IntVar(&f.maxConnections, "max-connections", 0, "connections that each stream has open at most (default as many as its rate and timeout ask for)")
	flags.StringVar(&f.caFile, "ca-file", "", "`FILE` with the certificates (PEM) to trust instead of the system's")
	flags.StringVar(&f.serverName, "server-name", "", "`NAME` to ask for and to look for in the certificate instead of the URL's host")
	flags.BoolVar(&f.trace, "trace", false, "have each request bear a traceparent, so that a failed one leads to its trace")
	flags.BoolVar(&f.insecure, "insecure-skip-verify", false, "take any certificate of the service")
}

// contradiction is that of two ways to say what a body holds, or of one that says nothing:
// an empty text stands in every body.
func (f *requestFlags) contradiction(flags *pflag.FlagSet) error {
	const contains, matches = "expect-body", "expect-body-matches"
	if flags.Changed(contains) && flags.Changed(matches) {
		return usagef("both --%s and --%s; want one of them", contains, matches)
	}
	for _, name := range []string{contains, matches} {
		if flag := flags.Lookup(name); flag != nil && flag.Changed && flag.Value.String() == "" {
			return usagef("--%s: \"\" fits an empty body too; want a text that it has to hold, or nothing here", name)
		}
	}
	return nil
}

// parseHeaders reads what -H was given. A value that is in the environment or in a
// file does not stand among the arguments, which every user of a machine can list.
func parseHeaders(s string) ([]check.Header, error) {
	if path, ok := strings.CutPrefix(s, "@"); ok {
		return readHeaders(path)
	}
	header, err := parseHeader(s)
	if err != nil {
		return nil, err
	}
	return []check.Header{header}, nil
}

// readHeaders reads a file of them, as curl does: one a line, between empty ones.
func readHeaders(path string) ([]check.Header, error) {
	text, err := check.ReadFile(path, check.MostText)
	if err != nil {
		return nil, fmt.Errorf("%w; want @FILE with a header on each line", err)
	}
	var headers []check.Header
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if strings.TrimSpace(line) == "" {
			continue
		}
		header, err := parseHeader(line)
		if err == nil {
			err = header.Validate()
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		headers = append(headers, header)
	}
	if len(headers) == 0 {
		return nil, fmt.Errorf("%s holds no header; want NAME: VALUE on each line", path)
	}
	return headers, nil
}

// fromEnvironment is NAME=env:VARIABLE. No header's name holds a '=', so that it can
// be nothing else.
var fromEnvironment = regexp.MustCompile(`^([^:=\s]+)=env:(.*)$`)

// parseHeader reads NAME: VALUE, or NAME=env:VARIABLE. What it says may be a secret, so it is not
// repeated.
func parseHeader(s string) (check.Header, error) {
	if m := fromEnvironment.FindStringSubmatch(strings.TrimSpace(s)); m != nil {
		text, set := os.LookupEnv(m[2])
		switch {
		case m[2] == "":
			return check.Header{}, fmt.Errorf("%s=env: names no variable; want one such as %s=env:TOKEN", m[1], m[1])
		case !set:
			return check.Header{}, fmt.Errorf("the environment has no variable %s for the header %s; want it set", m[2], m[1])
		case text == "":
			return check.Header{}, fmt.Errorf("the variable %s for the header %s is empty; want a value", m[2], m[1])
		}
		return check.Header{Name: m[1], Value: check.Secret(text)}, nil
	}
	name, text, found := strings.Cut(s, ":")
	if !found {
		return check.Header{}, errors.New("no header; want NAME: VALUE, NAME=env:VARIABLE or @FILE")
	}
	return check.Header{Name: strings.TrimSpace(name), Value: check.Secret(strings.TrimSpace(text))}, nil
}

// tls is nil where nothing was said of it.
func (f *requestFlags) tls() *check.TLS {
	t := check.TLS{CAFile: f.caFile, ServerName: f.serverName, InsecureSkipVerify: f.insecure}
	if t == (check.TLS{}) {
		return nil
	}
	return &t
}

// carry says how the stream's requests are carried, onto what they are made of.
func (f *requestFlags) carry(s *check.Stream) {
	s.Protocol = check.Protocol(f.protocol)
	s.MaxConnections = f.maxConnections
}

func (f *requestFlags) onto(s *check.Stream) {
	s.Method = f.method
	if f.bodyFile != "" {
		s.Body = &check.Body{File: f.bodyFile}
	}
	if f.targets != "" {
		s.Targets = &check.Targets{File: f.targets, Format: check.TargetsFormat(f.targetsFormat)}
	}
	if f.expectBody != (check.ExpectBody{}) {
		s.ExpectBody = new(f.expectBody)
	}
}
