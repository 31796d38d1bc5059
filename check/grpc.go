package check

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// GRPC is the call that a stream of its kind makes.
type GRPC struct {
	// Method is the method's full name, package.Service/Method.
	Method string `json:"method,omitempty"`
	// Body is the request message in protobuf's JSON form. Empty and {} are the message of
	// which nothing is set.
	Body Value `json:"body,omitzero"`
	// Descriptors is a file on this machine that tells the types: a FileDescriptorSet, as
	// protoc -o and buf build write it. Without it and Protos the server is asked for them.
	Descriptors string `json:"descriptors,omitempty"`
	// Protos are sources that tell them; nil for none.
	Protos *Protos `json:"protos,omitempty"`
	// ExpectCodes lists the codes by which a call may end.
	ExpectCodes []GRPCCode `json:"expectCodes,omitempty"`
}

// Protos are .proto sources.
type Protos struct {
	// Files are the sources, by their names below one of Paths.
	Files []string `json:"files"`
	// Paths are where they and what they import is looked for, in turn.
	Paths []string `json:"paths,omitempty"`
}

// GRPCCode is the name of one of GRPCCodes.
type GRPCCode string

// DefaultGRPCMethod is what many servers have, and what Kubernetes' own probes call
// (github.com/grpc/grpc, doc/health-checking.md).
const DefaultGRPCMethod = "grpc.health.v1.Health/Check"

// GRPCCodes are the names of gRPC's codes, each at its number (github.com/grpc/grpc,
// doc/statuscodes.md).
var GRPCCodes = []GRPCCode{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// UnmarshalText takes a name, or the number of one.
func (c *GRPCCode) UnmarshalText(text []byte) error {
	*c = GRPCCode(text)
	if n, err := strconv.ParseUint(string(text), 10, 16); err == nil && n < uint64(len(GRPCCodes)) {
		*c = GRPCCodes[n]
	}
	return nil
}

// Empty tells that the request message has nothing set: it then needs no types.
func (g *GRPC) Empty() bool {
	fields := map[string]json.RawMessage{}
	text := g.Body.Reveal()
	return text == "" || json.Unmarshal([]byte(text), &fields) == nil && len(fields) == 0
}

// Emptied gives the call with the message of which nothing is set.
func (g *GRPC) Emptied() *GRPC {
	emptied := *g
	emptied.Body = Value{}
	return &emptied
}

// withGRPC fills what a stream of gRPC leaves open.
func (s Stream) withGRPC() Stream {
	var g GRPC
	if s.GRPC != nil {
		g = *s.GRPC
	}
	g.Method = cmp.Or(g.Method, DefaultGRPCMethod)
	g.ExpectCodes = slices.Clone(g.ExpectCodes)
	if len(g.ExpectCodes) == 0 {
		g.ExpectCodes = []GRPCCode{GRPCCodes[0]}
	}
	if g.Protos != nil {
		g.Protos = new(*g.Protos)
		g.Protos.Paths = slices.Clone(g.Protos.Paths)
		if len(g.Protos.Paths) == 0 {
			g.Protos.Paths = []string{"."}
		}
	}
	s.GRPC = &g
	s.Method = cmp.Or(s.Method, http.MethodPost)
	s.Protocol = cmp.Or(s.Protocol, protocolOf(s.URL))
	return s
}

// protocolOf is the HTTP/2 that a URL asks for.
func protocolOf(address string) Protocol {
	if len(address) >= 6 && strings.EqualFold(address[:6], "https:") {
		return HTTP2
	}
	return H2C
}

// beside gives g with its files beside the check's.
func (g *GRPC) beside(at func(string) string) *GRPC {
	moved := *g
	moved.Descriptors = at(g.Descriptors)
	if g.Protos != nil {
		moved.Protos = new(*g.Protos)
		moved.Protos.Paths = slices.Clone(g.Protos.Paths)
		for i, path := range g.Protos.Paths {
			moved.Protos.Paths[i] = at(path)
		}
	}
	return &moved
}

// A method's full name: a service's, with the package that it is in, and its own
// (protobuf.dev/reference/protobuf/proto3-spec, "Identifiers").
var grpcMethod = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*/[A-Za-z_][A-Za-z0-9_]*$`)

func (s Stream) validateGRPC(at string, c Check, p *problems) {
	if s.Kind != GRPCCalls {
		if s.GRPC != nil {
			p.add(at+".grpc", "it has no use in a stream of kind %s; want kind: %s", s.Kind, GRPCCalls)
		}
		return
	}
	if s.GRPC == nil { // it became one after the defaults
		p.add(at+".kind", "%s without what it calls; want the stream in a check file", GRPCCalls)
		return
	}
	s.refuseHTTP(at, p)
	if u, err := url.Parse(s.URL); err == nil && !c.WantsURL() && (strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
		p.add(at+".url", "%q has a path or a query; want scheme, host and port alone, as a call's path is its method", ShownURL(s.URL))
	}
	s.GRPC.validate(at+".grpc", p)
	if !s.GRPC.Empty() && !s.GRPC.tellsTypes() && !c.WantsReflection(s) {
		with := "inside"
		if c.Inside == nil {
			with = "target.via"
		}
		p.add(at+".grpc.body", wantTypes, with)
	}
}

// wantTypes says what a message needs whose server is not asked.
const wantTypes = "a message that is not empty needs its types, and with %s the server is not asked for them; want descriptors or protos"

// WantsReflection tells that the check leaves it to the server of a stream of calls to tell
// the types, by gRPC's server reflection (github.com/grpc/grpc, doc/server-reflection.md).
// The server is asked from where the check is begun, at the stream's URL. With Inside or
// Via no request is sent on that way, and there may be none.
func (c Check) WantsReflection(s Stream) bool {
	return s.Kind == GRPCCalls && s.GRPC != nil && !s.GRPC.tellsTypes() && c.Inside == nil && c.Target.Via == nil
}

// tellsTypes tells that the types are known.
func (g *GRPC) tellsTypes() bool {
	return g.Descriptors != "" || g.Protos != nil || strings.HasPrefix(g.Method, "grpc.health.v1.Health/")
}

// refuseHTTP refuses what is said of plain requests.
func (s Stream) refuseHTTP(at string, p *problems) {
	if s.Method != http.MethodPost {
		p.add(at+".method", "%q; a call of gRPC is always a POST: want its method in grpc.method", s.Method)
	}
	if s.Protocol == HTTP1 {
		p.add(at+".protocol", "%s cannot carry gRPC; want %s or %s, or nothing here", HTTP1, HTTP2, H2C)
	}
	for _, plain := range []struct {
		field string
		set   bool
	}{{"body", s.Body != nil}, {"targets", s.Targets != nil}, {"expectStatus", len(s.ExpectStatus) > 0}, {"expectBody", s.ExpectBody != nil}} {
		if plain.set {
			p.add(at+"."+plain.field, "it has no use in a stream of kind %s; want what grpc says instead", GRPCCalls)
		}
	}
}

func (g *GRPC) validate(at string, p *problems) {
	if !grpcMethod.MatchString(g.Method) {
		p.add(at+".method", "%q is no method's full name; want package.Service/Method, for example %s", g.Method, DefaultGRPCMethod)
	}
	if text := g.Body.Reveal(); text != "" {
		fields := map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(text), &fields); err != nil || fields == nil {
			p.add(at+".body", "it is no JSON object; want the request message in protobuf's JSON form, for example '{\"name\": \"x\"}'")
		}
	}
	if g.Descriptors != "" && g.Protos != nil {
		p.add(at+".descriptors", "the types are told by protos, too; want one of the two")
	}
	if g.Protos != nil {
		if len(g.Protos.Files) == 0 {
			p.add(at+".protos.files", "none; want at least one .proto source")
		}
		for i, file := range g.Protos.Files {
			if file == "" || path.IsAbs(file) || path.Clean(file) != file || strings.HasPrefix(file, "../") {
				p.add(fmt.Sprintf("%s.protos.files[%d]", at, i), "%q; want a name below one of the paths, as import statements have it", file)
			}
		}
	}
	for i, code := range g.ExpectCodes {
		if !slices.Contains(GRPCCodes, code) {
			p.add(fmt.Sprintf("%s.expectCodes[%d]", at, i), "%q; want 0 to %d, or a name such as %s or NOT_FOUND", string(code), len(GRPCCodes)-1, GRPCCodes[0])
		}
	}
}
