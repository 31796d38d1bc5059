package attack

import (
	"io/fs"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/shutdowncheck/shutdowncheck/check"
)

const shopProto = `syntax = "proto3";
package shop;
import "google/protobuf/duration.proto";
import "item.proto";
message Order { string id = 1; int32 count = 2; google.protobuf.Duration within = 3; Item item = 4; }
service Orders {
  rpc Get(Order) returns (Order);
  rpc Feed(Order) returns (stream Order);
  rpc Upload(stream Order) returns (Order);
}
`

// The message is what its JSON form says, by types from each source; what does not fit is
// told with its name.
func TestCallsAreEncodedByTheirTypes(t *testing.T) {
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(healthpb.File_grpc_health_v1_health_proto)}})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"p/shop.proto": shopProto, "q/item.proto": "syntax = \"proto3\"; package shop; message Item { string name = 1; }", "bad.proto": "message", "x.binpb": string(set), "y.binpb": "no"}
	read := func(name string, _ int64) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	shop := func(method, body string) check.GRPC {
		return check.GRPC{Method: method, Body: check.NewValue(body), Protos: &check.Protos{Files: []string{"shop.proto"}, Paths: []string{"p", "q"}}}
	}
	for name, tt := range map[string]struct {
		call    check.GRPC
		want    string
		unary   bool
		problem string
	}{
		"nothing said":       {check.GRPC{Method: check.DefaultGRPCMethod}, "", true, ""},
		"a health service's": {check.GRPC{Method: check.DefaultGRPCMethod, Body: check.NewValue(`{"service": "a"}`)}, "\x0a\x01a", true, ""},
		"its stream":         {check.GRPC{Method: "grpc.health.v1.Health/Watch"}, "", false, ""},
		"without types":      {check.GRPC{Method: "a.B/C", Body: check.NewValue("{ }")}, "", false, ""},
		"types are missing":  {check.GRPC{Method: "a.B/C", Body: check.NewValue(`{"x": 1}`)}, "", false, "grpc.body: a message that is not empty needs its types"},
		"sources":            {shop("shop.Orders/Get", `{"id": "7", "count": 2, "within": "1s", "item": {"name": "b"}}`), "\x0a\x017\x10\x02\x1a\x02\x08\x01\x22\x03\x0a\x01b", true, ""},
		"a stream's":         {shop("shop.Orders/Feed", "{}"), "", false, ""},
		"a stream to it":     {shop("shop.Orders/Upload", "{}"), "", false, "grpc.method: shop.Orders/Upload takes a stream of messages"},
		"no such method":     {shop("shop.Orders/Git", ""), "", false, "grpc.method: the types have no method shop.Orders/Git; want one of them, such as shop.Orders/Get, shop.Orders/Feed"},
		"no such field":      {shop("shop.Orders/Get", `{"nr": 7}`), "", false, `unknown field "nr"`},
		"another type":       {shop("shop.Orders/Get", `{"count": "many"}`), "", false, "invalid value for int32 field count); want"},
		"descriptors":        {check.GRPC{Method: check.DefaultGRPCMethod, Body: check.NewValue(`{"service": "b"}`), Descriptors: "x.binpb"}, "\x0a\x01b", true, ""},
		"no descriptors":     {check.GRPC{Method: "a.B/C", Descriptors: "y.binpb"}, "", false, "grpc.descriptors: y.binpb is no FileDescriptorSet"},
		"no such file":       {check.GRPC{Method: "a.B/C", Descriptors: "z.binpb"}, "", false, "grpc.descriptors: open z.binpb: file does not exist"},
		"no source":          {check.GRPC{Method: "a.B/C", Protos: &check.Protos{Files: []string{"bad.proto"}, Paths: []string{"."}}}, "", false, "grpc.protos.files: bad.proto:1:"},
	} {
		t.Run(name, func(t *testing.T) {
			got, unary, err := encodeCall(&tt.call, nil, read)
			if tt.problem != "" {
				if err == nil || !strings.Contains(err.Error(), tt.problem) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v, want %s", err, tt.problem)
				}
				return
			}
			if err != nil || string(got) != tt.want || unary != tt.unary {
				t.Errorf("%q, unary %t, %v; want %q, %t", got, unary, err, tt.want, tt.unary)
			}
		})
	}
}
