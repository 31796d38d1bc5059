package attack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Types are those of a call, as its server told them (see [Reflect]).
type Types struct{ files services }

// Reflect asks the server of a stream of calls for the types of what the stream calls, by
// gRPC's server reflection (github.com/grpc/grpc, doc/server-reflection.md): in its version
// v1, and in v1alpha where the server has no other. It goes the way of the stream's
// requests, with their TLS and their headers, takes no longer than one of them may take, and
// sends nothing else. Of cfg it needs no Sink.
//
// The method is then known to exist, and the message to fit. Types are nil where the server
// tells none and an empty message needs none. What is wrong with the call is a
// [check.FieldError], with its field as [New] has it; any other error is a server that did
// not answer.
func Reflect(ctx context.Context, cfg Config) (*Types, error) {
	limited, cancel := context.WithTimeout(ctx, time.Duration(cfg.Stream.Timeout))
	defer cancel()
	files, err := cfg.reflected(limited)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if untold, ok := errors.AsType[*untoldError](err); ok {
		if limited.Err() != nil {
			untold = &untoldError{problem: fmt.Sprintf("no answer within %s", cfg.Stream.Timeout)}
		}
		if cfg.Stream.GRPC.Empty() {
			return nil, nil // what is not told is not needed
		}
		return nil, untold.of(cfg.Stream)
	}
	if err != nil {
		return nil, err
	}
	types := &Types{files}
	if _, _, err := encodeCall(cfg.Stream.GRPC, types, cfg.readFile); err != nil {
		return nil, err
	}
	return types, nil
}

// untoldError is why a server does not tell the types.
type untoldError struct {
	problem string
	// want is what would help; empty where the server may tell them another time.
	want string
}

func (e *untoldError) Error() string { return e.problem }

// of says it of a stream whose message needs the types.
func (e *untoldError) of(s check.Stream) error {
	if e.want == "" {
		return fmt.Errorf("%s was asked for the types of %s (server reflection): %s; want a server that answers, or descriptors or protos", check.ShownURL(s.URL), s.GRPC.Method, e.problem)
	}
	return &check.FieldError{Field: "grpc.body", Problem: fmt.Sprintf("a message that is not empty needs its types, and %s does not tell them: %s; want %s", check.ShownURL(s.URL), e.problem, e.want)}
}

// otherTypes are what helps whatever the server does.
const otherTypes = "descriptors or protos"

// reflected gives the file that has the service, with all that it imports.
func (cfg *Config) reflected(ctx context.Context) (services, error) {
	r, err := cfg.dialReflection(ctx)
	if err != nil {
		return nil, err
	}
	defer r.conn.retire()
	service, _, _ := strings.Cut(cfg.Stream.GRPC.Method, "/")
	answer, err := r.first(ctx, question{fileContainingSymbol, service})
	if err != nil {
		return nil, err
	}
	if answer.failed {
		return nil, r.noService(ctx, service, answer)
	}
	set, err := r.whole(ctx, answer.files)
	if err != nil {
		return nil, err
	}
	registry, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, &untoldError{"what it tells does not fit together: " + shownMismatch(err), otherTypes}
	}
	found, err := registry.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil, &untoldError{"its answer lacks " + service, otherTypes}
	}
	return services{found.ParentFile()}, nil
}

// noService tells a service that the server does not have from one whose types it does not
// tell.
func (r *reflectionConn) noService(ctx context.Context, service string, answer *reflected) error {
	refused := &untoldError{fmt.Sprintf("its server reflection says %s of %s", shownCode(codeOf(answer.code)), service), otherTypes}
	list, err := r.ask(ctx, question{listServices, "*"})
	if err != nil || slices.Contains(list.services, service) {
		return refused
	}
	near := nearServices(list.services, service)
	if len(near) == 0 {
		return refused
	}
	return &check.FieldError{Field: "grpc.method", Problem: fmt.Sprintf("by its server reflection %s has no service %s; want one that it has, such as %s, or %s if it has the service all the same",
		check.ShownURL(r.cfg.Stream.URL), service, strings.Join(near, ", "), otherTypes)}
}

// nearServices gives some of the services but for the reflection itself, those first whose
// own name is that of the one that is wanted, and then those of its package.
func nearServices(all []string, wanted string) []string {
	const most = 5
	parts := func(name string) (pkg, own string) {
		at := strings.LastIndexByte(name, '.')
		return name[:max(at, 0)], name[at+1:]
	}
	pkg, own := parts(wanted)
	unlike := func(name string) int {
		switch p, o := parts(name); {
		case strings.EqualFold(o, own):
			return 0
		case p == pkg:
			return 1
		default:
			return 2
		}
	}
	near := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return strings.HasPrefix(name, "grpc.reflection.") })
	slices.SortStableFunc(near, func(a, b string) int { return unlike(a) - unlike(b) })
	return near[:min(len(near), most)]
}
