package attack

import (
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// However names come, they are told in one order.
func TestNearestFirst(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, tt := range []struct {
		wanted string
		names  []string
	}{
		{"shop.Orders/Git", []string{"shop.Orders/Get", "shop.Orders/Gist", "shop.Orders/Put", "shop.Orders/Feed"}},
		{"shop.Orders/get", []string{"shop.Orders/GET", "shop.Orders/Get", "shop.Orders/Gets", "shop.Order/Get2"}},
		{"a.B/C", []string{"a.B/D", "a.B/E", "a.B/Fetch", "x.Y/Fetched"}},
		{"", []string{"a", "b", "aa"}},
	} {
		got := slices.Clone(tt.names)
		random.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		nearestFirst(got, tt.wanted)
		if !slices.Equal(got, tt.names) {
			t.Errorf("near to %q: %q, want %q", tt.wanted, got, tt.names)
		}
	}
}

// Types come in the order of a registry, which has none, and services in the server's.
func TestNearNamesAreToldInOneOrder(t *testing.T) {
	var names []string
	for c := 'a'; c <= 'z'; c++ {
		names = append(names, string(c))
	}
	types, err := compile(names, "grpc.protos.files", func(name string) (io.ReadCloser, error) {
		if !slices.Contains(names, name) {
			return nil, fs.ErrNotExist
		}
		source := `syntax = "proto3"; package ` + name + `; message M {} service S { rpc Call(M) returns (M); }`
		return io.NopCloser(strings.NewReader(source)), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	listed := []string{"shop.Users", "shop.Order", "other.Orders", "shop.Carts", "grpc.reflection.v1.ServerReflection"}
	random := rand.New(rand.NewPCG(3, 4))
	for range 10 {
		random.Shuffle(len(types), func(i, j int) { types[i], types[j] = types[j], types[i] })
		_, err := findMethod(types, "m.T/Cal")
		const want = "grpc.method: the types have no method m.T/Cal; want one of them, such as m.S/Call, a.S/Call, b.S/Call, c.S/Call, d.S/Call"
		if err == nil || err.Error() != want {
			t.Fatalf("%v, want %s", err, want)
		}
		random.Shuffle(len(listed), func(i, j int) { listed[i], listed[j] = listed[j], listed[i] })
		if got := strings.Join(nearServices(listed, "shop.Orders"), " "); got != "other.Orders shop.Order shop.Users shop.Carts" {
			t.Fatalf("told %q", got)
		}
	}
}
