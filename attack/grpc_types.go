package attack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// encodeCall gives the request message as it is sent, and whether exactly one message is
// known to answer it. It reads the files that tell the types, unless the server has told
// them.
func encodeCall(call *check.GRPC, told *Types, read readFile) (request []byte, unary bool, err error) {
	files, err := typesOf(call, told, read)
	switch {
	case err != nil:
		return nil, false, err
	case files == nil && call.Empty():
		return nil, false, nil
	case files == nil:
		return nil, false, &check.FieldError{Field: "grpc.body", Problem: "a message that is not empty needs its types; want descriptors or protos"}
	}
	method, err := findMethod(files, call.Method)
	if err != nil {
		return nil, false, err
	}
	message := dynamicpb.NewMessage(method.Input())
	text := call.Body.Reveal()
	if text == "" {
		text = "{}"
	}
	if err := protojson.Unmarshal([]byte(text), message); err != nil {
		return nil, false, &check.FieldError{Field: "grpc.body", Problem: fmt.Sprintf("it is no %s (%s); want that message in protobuf's JSON form", method.Input().FullName(), shownMismatch(err))}
	}
	if request, err = (proto.MarshalOptions{Deterministic: true}).Marshal(message); err != nil {
		return nil, false, &check.FieldError{Field: "grpc.body", Problem: fmt.Sprintf("%v; want all that %s requires", err, method.Input().FullName())}
	}
	return request, !method.IsStreamingServer(), nil
}

// shownMismatch is what protojson complains of, without the value, which is nobody's
// business, and without its mark, whose spaces differ from one program to another.
func shownMismatch(err error) string {
	text := strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: ")
	if at := strings.Index(text, "invalid value for "); at >= 0 {
		if what, _, ok := strings.Cut(text[at:], ": "); ok {
			return text[:at] + what
		}
	}
	return text
}

// services are the files in which a method is looked for.
type services []protoreflect.FileDescriptor

// typesOf gives the types that the server or the check tells, and those of the health
// service; nil where they are not known.
func typesOf(call *check.GRPC, told *Types, read readFile) (services, error) {
	switch {
	case told != nil:
		return told.files, nil
	case call.Descriptors != "":
		return readDescriptors(call.Descriptors, read)
	case call.Protos != nil:
		return compile(call.Protos.Files, "grpc.protos.files", openBelow(call.Protos.Paths, read))
	case strings.HasPrefix(call.Method, healthService+"/"):
		return compile([]string{healthFile}, "grpc.method", func(name string) (io.ReadCloser, error) {
			if name != healthFile {
				return nil, fs.ErrNotExist
			}
			return io.NopCloser(strings.NewReader(healthProto)), nil
		})
	default:
		return nil, nil
	}
}

const (
	healthService = "grpc.health.v1.Health"
	healthFile    = "grpc/health/v1/health.proto"
)

// healthProto is what a call of the health service has to know of it
// (github.com/grpc/grpc-proto, grpc/health/v1/health.proto).
const healthProto = `syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse { int32 status = 1; }
service Health {
  rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
  rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse);
}
`

// readDescriptors reads a FileDescriptorSet.
func readDescriptors(name string, read readFile) (services, error) {
	const field = "grpc.descriptors"
	data, err := read(name, check.MostTargets)
	if err != nil {
		return nil, &check.FieldError{Field: field, Problem: fmt.Sprintf("%v; want a file that can be read", err)}
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &set); err != nil || len(set.GetFile()) == 0 {
		return nil, &check.FieldError{Field: field, Problem: name + " is no FileDescriptorSet; want what protoc -o or buf build -o writes"}
	}
	registry, err := protodesc.NewFiles(&set)
	if err != nil {
		return nil, &check.FieldError{Field: field, Problem: fmt.Sprintf("%s: %s; want it with all that it imports (protoc --include_imports)", name, shownMismatch(err))}
	}
	var all services
	registry.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		all = append(all, file)
		return true
	})
	return all, nil
}

// openBelow opens a source below the first of the paths that has it.
func openBelow(paths []string, read readFile) func(string) (io.ReadCloser, error) {
	return func(name string) (io.ReadCloser, error) {
		if path.IsAbs(name) || path.Clean(name) != name || strings.HasPrefix(name, "../") {
			return nil, fs.ErrNotExist
		}
		var problems []error
		for _, folder := range paths {
			data, err := read(filepath.Join(folder, filepath.FromSlash(name)), check.MostTargets)
			if err == nil {
				return io.NopCloser(strings.NewReader(string(data))), nil
			}
			problems = append(problems, err)
		}
		return nil, errors.Join(problems...)
	}
}

// compile reads sources, and what they import. The sources of protobuf itself are known.
func compile(names []string, field string, open func(string) (io.ReadCloser, error)) (services, error) {
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{Accessor: open}),
		MaxParallelism: 1,
	}
	files, err := compiler.Compile(context.Background(), names...)
	if err != nil {
		return nil, &check.FieldError{Field: field, Problem: strings.ReplaceAll(err.Error(), "\n", "; ") + "; want .proto sources that compile"}
	}
	all := make(services, len(files))
	for i, file := range files {
		all[i] = file
	}
	return all, nil
}

// findMethod gives the method of a full name, if one message asks it.
func findMethod(files services, name string) (protoreflect.MethodDescriptor, error) {
	var near, others []string
	wantedService, wantedMethod, _ := strings.Cut(name, "/")
	for _, file := range files {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				method := service.Methods().Get(j)
				full := string(service.FullName()) + "/" + string(method.Name())
				switch {
				case full == name && method.IsStreamingClient():
					return nil, &check.FieldError{Field: "grpc.method", Problem: name + " takes a stream of messages; want a method that one message asks"}
				case full == name:
					return method, nil
				case string(service.FullName()) == wantedService || strings.EqualFold(string(method.Name()), wantedMethod):
					near = append(near, full)
				default:
					others = append(others, full)
				}
			}
		}
	}
	if len(near) == 0 {
		near = others
	}
	nearestFirst(near, name)
	const most = 5
	want := "want types that have it: these have no method"
	if len(near) > 0 {
		want = "want one of them, such as " + strings.Join(near[:min(len(near), most)], ", ")
	}
	return nil, &check.FieldError{Field: "grpc.method", Problem: fmt.Sprintf("the types have no method %s; %s", name, want)}
}
