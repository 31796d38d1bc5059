package attack

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// What a service does to an idle connection is no failure: the connection is
// replaced before the request goes out.
func TestIdleConnectionIsReplaced(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*visit)
	}{
		{"FIN", func(v *visit) { _ = v.tcp.CloseWrite() }},
		{"RST", (*visit).reset},
		{"stray bytes", func(v *visit) { v.say("HTTP/1.1 408 Request Timeout\r\n\r\n") }},
	} {
		for _, secured := range []bool{false, true} {
			t.Run(tt.name+"/"+overTLS(secured), func(t *testing.T) {
				idle := make(chan struct{})
				server := serve(t, secured, func(v *visit) {
					if v.n > 1 {
						healthy(v)
						return
					}
					v.request()
					v.answer()
					<-idle
					tt.do(v)
					v.linger()
				})
				sink := &samples{}
				s := streamTo(t, server, sink, reused(1))
				send(t, s, sink, 1)
				close(idle)
				awaitNews(t, http1Of(s).pool.idle[0].raw)
				send(t, s, sink, 2)

				fine(t, sink.all)
				if second, third := sink.all[1], sink.all[2]; second.Conn != 2 || !second.Fresh() || third.Conn != 2 || third.Served != 1 {
					t.Errorf("second on connection %d, third on %d", second.Conn, third.Conn)
				}
				if n := server.requests.Load(); n != 3 {
					t.Errorf("the server saw %d requests", n)
				}
			})
		}
	}
}

// A reset that comes before the request is written.
func TestResetBeforeWrite(t *testing.T) {
	dialled := make(chan struct{})
	server := serve(t, false, func(v *visit) {
		<-dialled
		v.reset()
	})
	sink := &samples{}
	s := streamTo(t, server, sink, nil)
	dial := serviceOf(s).dial
	serviceOf(s).dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		close(dialled)
		if err == nil {
			awaitNews(t, conn)
		}
		return conn, err
	}
	got := send(t, s, sink, 1)[0]
	if got.Phase != recording.PhaseWrite || got.Class != recording.ClassReset || got.Written != recording.NotReached || got.Maskable {
		t.Errorf("%+v", got)
	}
}

// awaitNews waits until there is something to read on a connection, be it the
// end or a reset, and takes nothing.
func awaitNews(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(testTimeout))
	socket, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = socket.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return !errors.Is(err, syscall.EAGAIN)
	})
	if err != nil {
		t.Fatalf("no news on the connection: %v", err)
	}
}
