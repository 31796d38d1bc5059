package attack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// freePorts gives ports that nobody has now.
func freePorts(t *testing.T, n int) []uint16 {
	t.Helper()
	var ports []uint16
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }() // all at the end, so that they differ
		ports = append(ports, uint16(listener.Addr().(*net.TCPAddr).Port))
	}
	return ports
}

// hands is a clock that is moved by hand.
type hands struct{ at time.Time }

func (h *hands) now() time.Time { return h.at }

// lending has the stream connect from the ports alone.
func lending(s *Stream, ports *Ports) *Stream {
	serviceOf(s).ports, serviceOf(s).dial = ports, ports.dial
	return s
}

// Each has its turn before one has a second, however soon it came back.
func TestPortsAreLentByTurns(t *testing.T) {
	clock := &hands{at: loaded}
	p := newPorts(clock.now, []uint16{1, 2, 3, 4})
	take := func() uint16 { t.Helper(); port, _ := p.take(); return port }
	first, second, third, fourth := take(), take(), take(), take()
	if all := []uint16{first, second, third, fourth}; !slices.Equal(slices.Sorted(slices.Values(all)), []uint16{1, 2, 3, 4}) {
		t.Fatalf("lent %v", all)
	}
	if port, ok := p.take(); ok {
		t.Errorf("%d is lent twice", port)
	}
	p.release(fourth, syscall.ETIMEDOUT)
	p.release(third, syscall.ECONNRESET)
	p.release(third, nil) // a second time
	p.release(second, nil)
	p.release(first, errNoHTTP2)
	p.release(99, nil) // not one of ours
	for _, want := range []uint16{first, second, 0} {
		if got := take(); got != want {
			t.Errorf("lent %d, want %d", got, want)
		}
	}
	for _, tt := range []struct {
		after time.Duration
		want  uint16
	}{
		{restAfterReset - 1, 0},
		{restAfterReset, third},
		{restAfterSilence - 1, 0},
		{restAfterSilence, fourth},
	} {
		clock.at = loaded.Add(tt.after)
		if got := take(); got != tt.want {
			t.Errorf("after %s: lent %d, want %d", tt.after, got, tt.want)
		}
	}
}

// They are not lent in their order.
func TestPortsAreShuffled(t *testing.T) {
	p := newPorts((&hands{}).now, manyPorts())
	neighbours, last := 0, uint16(0)
	for range 1000 {
		port, _ := p.take()
		if port == last+1 || port == last-1 {
			neighbours++
		}
		last = port
	}
	if neighbours > 50 { // two are to be expected
		t.Errorf("%d of 1000 follow on their neighbour", neighbours)
	}
}

func manyPorts() []uint16 {
	ports := make([]uint16, 1000)
	for i := range ports {
		ports[i] = uint16(30000 + i)
	}
	return ports
}

// What one run has left in connection tracking the next ones do not meet, whenever
// they begin, although they know nothing of it: of 1000 ports up to six a second may
// be lent.
func TestPortsOfRunsAfterEachOther(t *testing.T) {
	clock := &hands{at: loaded}
	lent := map[uint16]time.Time{}
	for run, rate := range []int{5, 1, 6, 2, 6} {
		p := newPorts(clock.now, manyPorts())
		for range rate * 70 * (run + 1) {
			port, ok := p.take()
			if !ok {
				t.Fatal("none is free")
			}
			if since := clock.at.Sub(lent[port]); since < restAfterSilence {
				t.Fatalf("run %d: %d was lent %s before", run, port, since)
			}
			lent[port] = clock.at
			p.release(port, nil)
			clock.at = clock.at.Add(time.Second / time.Duration(rate))
		}
		clock.at = clock.at.Add(time.Duration(run) * 7 * time.Second)
	}
}

func TestPlaceSet(t *testing.T) {
	s := newPlaceSet(130)
	if next, ok := s.from(77); ok {
		t.Errorf("%d of none", next)
	}
	for _, place := range []int{3, 64, 129} {
		s.add(place)
	}
	for from, want := range map[int]int{0: 3, 3: 3, 4: 64, 64: 64, 65: 129, 128: 129, 129: 129} {
		if next, ok := s.from(from); !ok || next != want {
			t.Errorf("from %d: %d, want %d", from, next, want)
		}
	}
	s.remove(129)
	s.remove(64)
	for from, want := range map[int]int{4: 3, 100: 3, 129: 3} { // round
		if next, ok := s.from(from); !ok || next != want {
			t.Errorf("from %d: %d, want %d", from, next, want)
		}
	}
}

// What became of a connection decides for how long its port rests.
func TestPortsRest(t *testing.T) {
	closed := closedPort(t)
	for _, tt := range []struct {
		name     string
		do       func(*visit) // nil: nobody listens
		protocol check.Protocol
		rests    time.Duration
		class    recording.Class // of the failure
		silent   bool
	}{
		{"answered", func(v *visit) { v.request(); v.answer() }, check.HTTP1, 0, "", false},
		{"an error", func(v *visit) {
			v.request()
			v.say("HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		}, check.HTTP1, 0, recording.ClassStatus, false},
		{"refused", nil, check.HTTP1, restAfterReset, recording.ClassRefused, false},
		{"refused over HTTP/2", nil, check.H2C, restAfterReset, recording.ClassRefused, false},
		{"reset", func(v *visit) { v.request(); v.reset() }, check.HTTP1, restAfterReset, recording.ClassReset, false},
		{"closed", func(v *visit) { v.request() }, check.HTTP1, restAfterReset, recording.ClassEOF, false},
		{"silent", func(v *visit) { v.linger() }, check.HTTP1, restAfterSilence, recording.ClassTimeout, true},
		{"silent over HTTP/2", func(v *visit) { v.linger() }, check.H2C, restAfterSilence, recording.ClassTimeout, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := "http://" + closed
			if tt.do != nil {
				url = serve(t, false, tt.do).url
			}
			clock := &hands{at: loaded}
			free := slices.DeleteFunc(freePorts(t, 2), func(port uint16) bool { return strings.HasSuffix(url, fmt.Sprint(":", port)) })
			ports := newPorts(clock.now, free[:1])
			sink := &samples{}
			s := lending(stream(t, url, sink, func(c *check.Stream) {
				c.Protocol = tt.protocol
				if tt.silent {
					c.Timeout = check.Duration(brief)
				}
			}), ports)
			got := send(t, s, sink, 1)[0]
			if got.Class != tt.class || got.LocalPort == 0 {
				t.Fatalf("%+v", got)
			}
			if tt.rests > 0 {
				clock.at = loaded.Add(tt.rests - 1)
				if port, ok := ports.take(); ok {
					t.Errorf("%d is lent before it has rested", port)
				}
			}
			clock.at = loaded.Add(tt.rests)
			if port, ok := ports.take(); !ok || port != got.LocalPort {
				t.Errorf("lent %d, %v; want %d", port, ok, got.LocalPort)
			}
		})
	}
}

// A service that answers to half a request and closes resets the connection, although
// its answer counts.
func TestPortsRestAfterAResetBehindAnAnswer(t *testing.T) {
	server := serve(t, false, func(v *visit) {
		v.header()
		v.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
	})
	clock := &hands{at: loaded}
	ports := newPorts(clock.now, freePorts(t, 1))
	sink := &samples{}
	s := lending(stream(t, server.url, sink, func(c *check.Stream) {
		c.Method, c.Body = http.MethodPost, &check.Body{Text: check.NewValue(strings.Repeat("x", 16<<20))}
	}), ports)
	if got := send(t, s, sink, 1)[0]; got.Status != http.StatusRequestEntityTooLarge || got.LocalPort == 0 {
		t.Fatalf("%+v", got)
	}
	clock.at = loaded.Add(restAfterReset - 1)
	if port, ok := ports.take(); ok {
		t.Errorf("%d is lent before it has rested", port)
	}
}

// Over HTTP/2 the library closes the socket, when it likes.
func TestPortsRestAfterAResetOverHTTP2(t *testing.T) {
	server := serveHTTP2(t, false, func(v *http2Visit, _ uint32) bool { v.reset(); return false })
	clock := &hands{at: loaded}
	ports := newPorts(clock.now, freePorts(t, 1))
	sink := &samples{}
	s := lending(stream(t, server.url, sink, over(false, check.New, 1)), ports)
	if got := send(t, s, sink, 1)[0]; got.Outcome != recording.Failed || got.Conn != 1 || got.LocalPort == 0 {
		t.Fatalf("%+v", got)
	}
	s.sender.carrier.close()
	clock.at = loaded.Add(restAfterReset - 1)
	if port, ok := ports.take(); ok {
		t.Errorf("%d is lent before it has rested", port)
	}
}

// A connection that is given up is reset: connection tracking lets a new one from its
// port begin anew then, and would hold it otherwise for as long as the kernel goes on
// sending what nobody acknowledges, and minutes more.
func TestConnectionsGivenUpAreReset(t *testing.T) {
	for _, protocol := range []check.Protocol{check.HTTP1, check.H2C} {
		for _, silent := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, silent %v", protocol, silent), func(t *testing.T) {
				// A connection that closes before anything is sent is tried again.
				ended := make(chan error, maxUnused)
				server := serve(t, false, func(v *visit) {
					if !silent && protocol == check.HTTP1 {
						v.request()
						v.say("HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
					} else if !silent {
						v.say("HTTP/1.1 400 Bad Request\r\n\r\n")
					}
					_, err := io.Copy(io.Discard, v.reader)
					ended <- err
				})
				sink := &samples{}
				s := stream(t, server.url, sink, func(c *check.Stream) {
					c.Protocol, c.Timeout = protocol, check.Duration(brief)
				})
				send(t, s, sink, 1)
				s.sender.carrier.close()
				if err := <-ended; errors.Is(err, syscall.ECONNRESET) != silent {
					t.Errorf("the service meets %v", err)
				}
			})
		}
	}
}

// A dial from the port that it goes to would meet itself.
func TestPortsDoNotMeetThemselves(t *testing.T) {
	closed := closedPort(t)
	address, err := net.ResolveTCPAddr("tcp", closed)
	if err != nil {
		t.Fatal(err)
	}
	ports := newPorts(time.Now, []uint16{uint16(address.Port)})
	conn, err := ports.dial(t.Context(), "tcp", closed)
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v, %v", conn, err)
	}
}

// A port that another has is passed over, and where there is no other the kernel
// chooses.
func TestPortsOfOthers(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // nothing was written
	other := uint16(taken.Addr().(*net.TCPAddr).Port)
	server := serve(t, false, healthy)
	for _, tt := range []struct {
		ours     []uint16
		byKernel uint64
	}{
		{freePorts(t, 1), 0},
		{nil, 1},
	} {
		ports := newPorts((&hands{at: loaded}).now, append([]uint16{other}, tt.ours...))
		sink := &samples{}
		for _, got := range send(t, lending(stream(t, server.url, sink, nil), ports), sink, 1) {
			if got.Outcome != recording.OK || got.LocalPort == other || (tt.byKernel == 0) != slices.Contains(tt.ours, got.LocalPort) {
				t.Errorf("%v: %+v", tt.ours, got)
			}
		}
		if n := ports.ByKernel(); n != tt.byKernel {
			t.Errorf("%v: %d by the kernel, want %d", tt.ours, n, tt.byKernel)
		}
	}
}

// Whatever keeps a socket from a port, another one is tried. What the way there says is
// the request's failure.
func TestFailuresOfThePort(t *testing.T) {
	for _, tt := range []struct {
		call  string
		errno syscall.Errno
		want  bool
	}{
		{"bind", syscall.EADDRINUSE, true},
		{"bind", syscall.EACCES, true},
		{"connect", syscall.EADDRNOTAVAIL, true},
		{"connect", syscall.EACCES, false},
		{"connect", syscall.ECONNREFUSED, false},
		{"socket", syscall.EMFILE, false},
	} {
		err := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError(tt.call, tt.errno)}
		if got := isOfThePort(err); got != tt.want {
			t.Errorf("%v: %v, want %v", err, got, tt.want)
		}
	}
}

// Of a dial that fails the kernel's choice is known too.
func TestPortOfAFailedDialByTheKernel(t *testing.T) {
	sink := &samples{}
	s := lending(stream(t, "http://"+closedPort(t), sink, nil), newPorts(time.Now, nil))
	got := send(t, s, sink, 2)
	if got[0].Class != recording.ClassRefused || got[0].LocalPort == 0 || got[1].LocalPort == 0 {
		t.Errorf("%+v", got)
	}
}

// Two streams to one service have no port at the same time, and at a rate that the
// ports bear none a second time.
func TestPortsAreShared(t *testing.T) {
	const each = 100
	server := serve(t, false, func(v *visit) { v.request(); v.answer() })
	ports := NewPorts(time.Now)
	used := map[uint16]int{}
	for range 2 {
		sink := &samples{}
		s := lending(stream(t, server.url, sink, func(c *check.Stream) { c.Rate = 1000 }), ports)
		runFor(t, s, sink, each)
		fine(t, sink.all)
		for i := range sink.all {
			used[sink.all[i].LocalPort]++
		}
	}
	for port, n := range used {
		if n > 1 {
			t.Errorf("port %d was used %d times", port, n)
		}
	}
	if len(ports.lent) > 0 || ports.ByKernel() > 0 {
		t.Errorf("%d are lent, %d by the kernel", len(ports.lent), ports.ByKernel())
	}
}

func TestPortsOverIPv6(t *testing.T) {
	listener, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatalf("the loopback of IPv6, which this takes: %v", err)
	}
	defer listener.Close() //nolint:errcheck // nothing was written
	ours := freePorts(t, 1)
	ports := newPorts(time.Now, slices.Clone(ours))
	conn, err := ports.dial(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // nothing was written
	if got := conn.LocalAddr().(*net.TCPAddr).Port; got != int(ours[0]) {
		t.Errorf("from %d, want %d", got, ours[0])
	}
}

func TestReservedPorts(t *testing.T) {
	reserved := reservedPorts("40000-40002,50000")
	var got []string
	for port := range 1 << 16 {
		if reserved[port] {
			got = append(got, fmt.Sprint(port))
		}
	}
	if list := strings.Join(got, " "); list != "40000 40001 40002 50000" {
		t.Error(list)
	}
	if n := len(reservedPorts("")); n != 0 {
		t.Errorf("%d of none", n)
	}
}

// BenchmarkDial is what a connection costs, with ports of one's own and without.
func BenchmarkDial(b *testing.B) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nothing was written
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	for name, ports := range map[string]*Ports{"the kernel's": nil, "our own": NewPorts(time.Now)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				conn, err := ports.dial(context.Background(), "tcp", listener.Addr().String())
				if err != nil {
					b.Fatal(err)
				}
				_, _ = conn.Read(make([]byte, 1)) // the server closes first
				port := conn.LocalAddr().(*net.TCPAddr).Port
				_ = conn.Close()
				ports.release(uint16(port), nil)
			}
			b.ReportMetric(float64(ports.ByKernel())/float64(b.N), "by-kernel/op")
		})
	}
}
