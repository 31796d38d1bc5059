package main

import (
	"errors"
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
}

// headerType is the type of the flag whose values are secrets.
const headerType = "header"

func (f *requestFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.method, "method", check.DefaultMethod, "`METHOD` of the requests")
	flags.VarP(value{headerType, func(s string) error {
		header, err := parseHeader(s)
		f.headers = append(f.headers, header)
		return err
	}}, "header", "H", "header field of the requests, as `NAME: VALUE` (repeatable); its value is never recorded")
	flags.StringVar(&f.bodyFile, "body-file", "", "`FILE` with the body of the requests")
	flags.StringVar(&f.targets, "targets", "", "`FILE` of requests in vegeta's format, sent in turn")
	flags.StringVar(&f.targetsFormat, "targets-format", string(check.TargetsHTTP), "format of --targets: http or json")
	flags.StringVar(&f.protocol, "protocol", string(check.HTTP1), "version of HTTP: http/1.1, h2 or h2c")
	flags.IntVar(&f.maxConnections, "max-connections", 0, "connections that each stream has open at most (default as many as its rate and timeout ask for)")
	flags.StringVar(&f.caFile, "ca-file", "", "`FILE` with the certificates (PEM) to trust instead of the system's")
	flags.StringVar(&f.serverName, "server-name", "", "`NAME` to ask for and to look for in the certificate instead of the URL's host")
	flags.BoolVar(&f.insecure, "insecure-skip-verify", false, "take any certificate of the service")
}

// parseHeader reads NAME: VALUE. What it says may be a secret, so it is not
// repeated.
func parseHeader(s string) (check.Header, error) {
	name, text, found := strings.Cut(s, ":")
	if !found {
		return check.Header{}, errors.New("no header; want NAME: VALUE")
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
}
