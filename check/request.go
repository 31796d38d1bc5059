package check

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Header is a header field that requests carry.
type Header struct {
	Name string `json:"name"`
	// Value is sent and never told.
	Value Secret `json:"value"`
}

// Secret is a text that is sent and never told: wherever it is written or
// printed it is Hidden. Header fields carry tokens and cookies, and a recording is
// passed on.
type Secret string

// Hidden is what a secret shows of itself.
const Hidden = "(hidden)"

// String gives Hidden.
func (Secret) String() string { return Hidden }

// GoString gives Hidden.
func (Secret) GoString() string { return Hidden }

// MarshalText gives Hidden.
func (Secret) MarshalText() ([]byte, error) { return []byte(Hidden), nil }

// UnmarshalText takes any text.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret(text)
	return nil
}

// Reveal gives the text itself, to be sent.
func (s Secret) Reveal() string { return string(s) }

// Body is what each request of a stream carries. One of Text and File is set.
type Body struct {
	Text Value `json:"text,omitzero"`
	// File is a path on this machine. It is read once, before the run.
	File string `json:"file,omitempty"`
	// Chunked sends it in chunks, without telling its length first.
	Chunked bool `json:"chunked,omitempty"`
}

// TLS is how https is spoken.
type TLS struct {
	// CAFile holds the certificates (PEM) to trust instead of the system's.
	CAFile string `json:"caFile,omitempty"`
	// ServerName is asked for (SNI) and looked for in the certificate instead of
	// the URL's host.
	ServerName string `json:"serverName,omitempty"`
	// InsecureSkipVerify takes any certificate. The report says so.
	InsecureSkipVerify bool `json:"insecureSkipVerify,omitempty"`
}

// Protocol is the version of HTTP that a stream speaks, by its ALPN name.
type Protocol string

const (
	// HTTP1 is HTTP/1.1.
	HTTP1 Protocol = "http/1.1"
	// HTTP2 is HTTP/2 over TLS.
	HTTP2 Protocol = "h2"
	// H2C is HTTP/2 without TLS, begun without asking (prior knowledge).
	H2C Protocol = "h2c"
)

// Targets are requests that a stream sends in turn instead of one and the same.
type Targets struct {
	// File is a path on this machine. It is read once, before the run.
	File   string        `json:"file"`
	Format TargetsFormat `json:"format,omitempty"`
}

// TargetsFormat is one of vegeta's formats of target files.
type TargetsFormat string

// The formats, as `vegeta attack -format` names them. TargetsHTTP is the default.
const (
	TargetsHTTP TargetsFormat = "http"
	TargetsJSON TargetsFormat = "json"
)

// Beside gives the check with the files that it names lying beside the file that it
// comes from: paths that begin nowhere begin in folder.
func (c Check) Beside(folder string) Check {
	at := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(folder, path)
	}
	if c.Target.TLS != nil {
		c.Target.TLS = new(*c.Target.TLS)
		c.Target.TLS.CAFile = at(c.Target.TLS.CAFile)
	}
	c.Streams = slices.Clone(c.Streams)
	for i := range c.Streams {
		s := &c.Streams[i]
		if s.Body != nil {
			s.Body = new(*s.Body)
			s.Body.File = at(s.Body.File)
		}
		if s.Targets != nil {
			s.Targets = new(*s.Targets)
			s.Targets.File = at(s.Targets.File)
		}
		if s.GRPC != nil {
			s.GRPC = s.GRPC.beside(at)
		}
	}
	return c
}

var (
	methods = []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
	}
	methodsWithBody = []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	// ownHeaders say how a message is sent, which is the stream's own business.
	ownHeaders = []string{"Connection", "Content-Length", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "X-Vegeta-Seq"}
)

// TraceParent is the header by which a request tells its trace.
const TraceParent = "Traceparent"

// TwoTraceParents says that a request would bear another one beside its own.
const TwoTraceParents = "traceparent is what target.trace (--trace) gives each request; want one of the two"

// validateTrace refuses requests that would tell two traces.
func (c Check) validateTrace(p *problems) {
	if !c.Target.Trace {
		return
	}
	refuse := func(at string, headers []Header) {
		for i, h := range headers {
			if http.CanonicalHeaderKey(h.Name) == TraceParent {
				p.add(fmt.Sprintf("%s[%d].name", at, i), TwoTraceParents)
			}
		}
	}
	refuse("target.headers", c.Target.Headers)
	for i, s := range c.Streams {
		refuse(fmt.Sprintf("streams[%d].headers", i), s.Headers)
	}
}

// Validate tells what is wrong with the field, as a FieldError of name or value.
// It never repeats the value.
func (h Header) Validate() error {
	switch name := http.CanonicalHeaderKey(h.Name); {
	case !httpguts.ValidHeaderFieldName(h.Name):
		return &FieldError{"name", fmt.Sprintf("%q is no header's name; want one such as Authorization", h.Name)}
	case slices.Contains(ownHeaders, name):
		return &FieldError{"name", name + " is set by the stream itself; want another"}
	case name == "Expect" && !strings.EqualFold(h.Value.Reveal(), "100-continue"):
		return &FieldError{"value", "want 100-continue, the only thing that can be expected"}
	case !httpguts.ValidHeaderFieldValue(h.Value.Reveal()):
		return &FieldError{"value", "holds a line break or another control character; want none"}
	default:
		return nil
	}
}

func (p *problems) headers(at string, headers []Header) {
	for i, h := range headers {
		if wrong, ok := errors.AsType[*FieldError](h.Validate()); ok {
			p.add(fmt.Sprintf("%s[%d].%s", at, i, wrong.Field), "%s", wrong.Problem)
		}
	}
}

func (s Stream) validateRequest(at string, c Check, p *problems) {
	p.headers(at+".headers", s.Headers)
	if !slices.Contains(methods, s.Method) {
		p.add(at+".method", "%q; want one of %s", s.Method, strings.Join(methods, ", "))
	}
	if s.Body != nil {
		s.validateBody(at+".body", p)
	}
	if s.Targets != nil {
		s.validateTargets(at+".targets", p)
	}
	switch s.Protocol {
	case HTTP1:
	case HTTP2, H2C:
		if !c.WantsURL() {
			s.validateHTTP2(at+".protocol", p)
		}
	default:
		p.add(at+".protocol", "%q; want %s, %s or %s", string(s.Protocol), HTTP1, HTTP2, H2C)
	}
	switch limit := s.MaxConnections; {
	case limit < 0 || limit > 0 && s.Connections == Reused && limit < s.Pool:
		p.add(at+".maxConnections", "%d connections; want at least the pool's %d, or 0 for no limit", limit, s.Pool)
	case limit > 0 && limit < c.shares():
		p.add(at+".maxConnections", "%d connections of %d senders, of which each has one at least; want at least %d, or 0 for no limit", limit, c.shares(), c.shares())
	}
}

func (s Stream) validateBody(at string, p *problems) {
	if (s.Body.Text.Reveal() == "") == (s.Body.File == "") {
		p.add(at, "want text or file, one of them")
	}
	if s.Targets == nil && !slices.Contains(methodsWithBody, s.Method) {
		p.add(at, "a %s carries no body; want one of %s as method", s.Method, strings.Join(methodsWithBody, ", "))
	}
}

func (s Stream) validateTargets(at string, p *problems) {
	if s.Targets.File == "" {
		p.add(at+".file", "missing; want a file of targets")
	}
	if f := s.Targets.Format; f != TargetsHTTP && f != TargetsJSON {
		p.add(at+".format", "%q; want %s or %s", string(f), TargetsHTTP, TargetsJSON)
	}
}

// validateHTTP2 refuses what one connection for many requests makes no sense of.
func (s Stream) validateHTTP2(at string, p *problems) {
	secure := strings.HasPrefix(strings.ToLower(s.URL), "https:")
	switch {
	case s.Protocol == HTTP2 && !secure:
		p.add(at, "%s goes over TLS; want an https URL, or %s", HTTP2, H2C)
	case s.Protocol == H2C && secure:
		p.add(at, "%s goes without TLS; want an http URL, or %s", H2C, HTTP2)
	}
}
