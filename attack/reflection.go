package attack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// Types are those of a call, as its server told them (see [Reflect]).
type Types struct{ files services }

// Reflect asks the server of a stream of calls for the types of what the stream calls, by
// gRPC's server reflection (github.com/grpc/grpc, doc/server-reflection.md): in its version
// v1, and in v1alpha where the server has no other. It goes the way of the stream's
// requests, with their TLS and their headers, and sends nothing else. It takes no longer than
// one of them may take, but 10 s are given it in any case: it is made of several calls. A
// server that does not answer just now is asked again a few times. Of cfg it needs no Sink.
//
// The method is then known to exist, and the message to fit. Types are nil where the server
// tells none and an empty message needs none. What is wrong with the call is a
// [check.FieldError], with its field as [New] has it; any other error is a server that did
// not answer.
func Reflect(ctx context.Context, cfg Config) (*Types, error) {
	return cfg.reflectWithin(ctx, max(leastReflection, time.Duration(cfg.Stream.Timeout)))
}

const (
	// leastReflection is for how long a server is asked at the least. Beside the connection
	// it may take a call for each file that is imported.
	leastReflection = 10 * time.Second
	// reflectionTries are made, with pauses between them that double: 1.5 s in all. For about
	// so long a proxy may lead to a pod that is gone.
	reflectionTries      = 5
	firstReflectionPause = 100 * time.Millisecond
)

func (cfg *Config) reflectWithin(ctx context.Context, within time.Duration) (*Types, error) {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	asking := *cfg
	asking.Stream.Timeout = check.Duration(within) // which its calls bear as their deadline
	files, err := asking.reflectedAtLast(limited)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if untold, ok := errors.AsType[*untoldError](err); ok {
		if limited.Err() != nil {
			untold = &untoldError{problem: fmt.Sprintf("no answer within %s", within)}
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
	problem := toldText(e.problem)
	if e.want == "" {
		return fmt.Errorf("%s was asked for the types of %s (server reflection): %s; want a server that answers, or descriptors or protos", check.ShownURL(s.URL), s.GRPC.Method, problem)
	}
	return &check.FieldError{Field: "grpc.body", Problem: fmt.Sprintf("a message that is not empty needs its types, and %s does not tell them: %s; want %s", check.ShownURL(s.URL), problem, e.want)}
}

// toldText shows a text that a server may have had its part in: in one line, without what a
// terminal would obey, and bounded.
func toldText(s string) string {
	const most = 200
	shown := []rune(strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return unicode.ReplacementChar
		}
		return c
	}, s[:min(len(s), (most+1)*utf8.UTFMax)]))
	if len(shown) > most {
		return string(shown[:most-1]) + "…"
	}
	return string(shown)
}

// otherTypes are what helps whatever the server does.
const otherTypes = "descriptors or protos"

// reflectedAtLast asks again where there was no answer that another time would not change,
// each time on a new connection.
func (cfg *Config) reflectedAtLast(ctx context.Context) (files services, err error) {
	pause := firstReflectionPause
	for try := 1; ; try++ {
		files, err = cfg.reflected(ctx)
		untold, ok := errors.AsType[*untoldError](err)
		if !ok || untold.want != "" || try == reflectionTries {
			return files, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
			pause *= 2
		case <-ctx.Done():
			timer.Stop()
			return files, err
		}
	}
}

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
// tell. It may have a service that it does not list: where a proxy leads each path to another
// server, or where reflection was given a part of the types. An empty message is sent all
// the same.
func (r *reflectionConn) noService(ctx context.Context, service string, answer *reflected) error {
	refused := &untoldError{fmt.Sprintf("its server reflection says %s of %s", shownCode(codeOf(answer.code)), service), otherTypes}
	if r.cfg.Stream.GRPC.Empty() {
		return refused
	}
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
	nearestFirst(near, wanted)
	slices.SortStableFunc(near, func(a, b string) int { return unlike(a) - unlike(b) })
	near = near[:min(len(near), most)]
	for i, name := range near {
		near[i] = toldText(name)
	}
	return near
}
