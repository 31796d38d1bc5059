package attack

import (
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
)

func TestWhatAMachineLacks(t *testing.T) {
	m := limits{ports: 28232, timeWait: time.Minute, timeWaitOnLoopback: time.Second, descriptors: 1024}
	fresh := func(url string, rate float64) check.Stream {
		return check.Stream{URL: url, Rate: rate, Connections: check.New, Timeout: check.Duration(100 * time.Millisecond)}
	}
	for _, tt := range []struct {
		name    string
		streams []check.Stream
		want    []string
	}{
		{"little", []check.Stream{fresh("http://web/", 100)}, nil},
		{"just enough", []check.Stream{fresh("http://web/", 470)}, nil},
		{"on loopback", []check.Stream{fresh("http://127.0.0.1/", 5000), fresh("http://[::1]/", 500)}, nil},
		{"to two places", []check.Stream{fresh("http://web/", 300), fresh("http://web:8080/", 300)}, nil},
		{
			"too much",
			[]check.Stream{fresh("http://web/", 471)},
			[]string{"streams[0].rate: 471 new connections per second to web:80: each may keep its local port for 1m0s, and there are 28232; want at most 470 in all, reused connections, or more ports (net.ipv4.ip_local_port_range)"},
		},
		{
			"together",
			[]check.Stream{fresh("http://web/a", 300), fresh("http://web:80/b", 300)},
			[]string{"streams[1].rate: 600 new connections per second to web:80: each may keep its local port for 1m0s, and there are 28232; want at most 470 in all, reused connections, or more ports (net.ipv4.ip_local_port_range)"},
		},
		{
			"reused",
			[]check.Stream{{URL: "http://web/", Rate: 5000, Connections: check.Reused, Pool: 32, Timeout: check.Duration(100 * time.Millisecond)}},
			nil,
		},
		{
			"silence",
			[]check.Stream{{URL: "http://web/", Rate: 100, Connections: check.Reused, Pool: 32, Timeout: check.Duration(10 * time.Second)}},
			[]string{"streams: a service that is silent would make the streams open 1065 connections and files, and this process may open 1024; want a lower rate (--rate), a shorter timeout (--stream-timeout), fewer connections (maxConnections, --max-connections), or a higher limit (ulimit -n 1065)"},
		},
		{
			"silence, bounded",
			[]check.Stream{{URL: "http://web/", Rate: 100, Connections: check.Reused, Pool: 32, MaxConnections: 64, Timeout: check.Duration(10 * time.Second)}},
			nil,
		},
	} {
		var got []string
		for _, err := range m.exceeded(tt.streams, Share{}) {
			got = append(got, err.Error())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", tt.name, got, tt.want)
		}
		if tt.name == "silence" {
			continue
		}
		if problems := (limits{}).exceeded(tt.streams, Share{}); len(problems) > 0 {
			t.Errorf("%s: nothing is known of the machine, and yet %v", tt.name, problems)
		}
	}
}

// What a sender lacks is told in the numbers of the whole check, and its process is
// none whose limits the user sets.
func TestWhatASenderLacks(t *testing.T) {
	m := limits{ports: 28232, timeWait: time.Minute, descriptors: 1024}
	whole := []check.Stream{
		{URL: "http://web/", Rate: 2000, Connections: check.New, MaxConnections: 10, Timeout: check.Duration(time.Second)},
		{URL: "http://web/", Rate: 200, Connections: check.Reused, Pool: 32, Timeout: check.Duration(10 * time.Second)},
	}
	for of, want := range map[int][]string{
		2: {
			"streams: a service that is silent would make the streams open 2140 connections and files in all, and each of the 2 senders may open 1024; want a lower rate (--rate), a shorter timeout (--stream-timeout), fewer connections (maxConnections, --max-connections), or more senders (--senders)",
			"streams[0].rate: 2000 new connections per second to web:80: each may keep its local port for 1m0s, and each of the 2 senders has 28232; want at most 941 in all, reused connections, or 5 senders (--senders)",
		},
		4: {
			"streams[0].rate: 2000 new connections per second to web:80: each may keep its local port for 1m0s, and each of the 4 senders has 28232; want at most 1882 in all, reused connections, or 5 senders (--senders)",
		},
		5: nil,
	} {
		share := Share{Of: of}
		var got []string
		for _, err := range m.exceeded([]check.Stream{share.Stream(whole[0]), share.Stream(whole[1])}, share) {
			got = append(got, err.Error())
		}
		if !slices.Equal(got, want) {
			t.Errorf("of %d:\ngot  %q\nwant %q", of, got, want)
		}
	}
	none := func(string) error { return os.NewSyscallError("socket", syscall.ENETUNREACH) }
	got := unreachable([]check.Stream{{URL: "http://192.0.2.1/"}}, Share{Of: 1}, none)
	if len(got) != 1 || !strings.Contains(got[0].Error(), ": a sender has no way to 192.0.2.1 (") {
		t.Errorf("got %v", got)
	}
}

func TestLimitsAreRead(t *testing.T) {
	m := readLimits()
	t.Logf("%+v", m)
	if m != (limits{}) && (m.timeWait < m.timeWaitOnLoopback || m.ports < 0) {
		t.Errorf("%+v", m)
	}
}

func TestAddressesWithoutAWay(t *testing.T) {
	if err := Feasible([]check.Stream{{URL: "http://127.0.0.1:1/", Rate: 1, Connections: check.New, Timeout: check.Duration(time.Second)}}); err != nil {
		t.Error(err)
	}
	asked := 0
	noIPv6 := func(address string) error {
		asked++
		if address == "[2001:db8::1]:80" {
			return &net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EAFNOSUPPORT)}
		}
		return nil
	}
	got := unreachable([]check.Stream{{URL: "http://192.0.2.1/"}, {URL: "http://[2001:db8::1]/"}, {URL: "http://[2001:db8::1]/b"}, {URL: "http://web/"}}, Share{}, noIPv6)
	const want = "streams[1].url: this machine has no way to 2001:db8::1 (address family not supported by protocol); want an address of a family and a network that it has"
	if len(got) != 1 || got[0].Error() != want || asked != 2 {
		t.Errorf("asked %d times, got %v", asked, got)
	}
}
