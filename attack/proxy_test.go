package attack

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// podServer answers as the pod of a name.
func podServer(t *testing.T, name string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Pod", name)
	}))
	t.Cleanup(server.Close)
	return server
}

// Behind a proxy of layer 7 one connection carries answers of several pods, and its
// own answer where a pod is gone names none.
func TestALayer7ProxysConnectionNamesNoPod(t *testing.T) {
	for _, protocol := range []check.Protocol{check.HTTP1, check.H2C} {
		t.Run(string(protocol), func(t *testing.T) {
			pods := []*httptest.Server{podServer(t, "pod-a"), podServer(t, "pod-b")}
			var turn atomic.Int64
			proxy := httptest.NewUnstartedServer(&httputil.ReverseProxy{
				Rewrite: func(r *httputil.ProxyRequest) {
					to, err := url.Parse(pods[(turn.Add(1)-1)%2].URL)
					if err != nil {
						t.Error(err)
					}
					r.SetURL(to)
				},
				ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
			})
			proxy.Config.Protocols = new(http.Protocols)
			proxy.Config.Protocols.SetHTTP1(true)
			proxy.Config.Protocols.SetUnencryptedHTTP2(true)
			proxy.Start()
			defer proxy.Close()

			sink := &samples{}
			s := stream(t, proxy.URL, sink, func(c *check.Stream) {
				reused(1)(c)
				c.Protocol = protocol
			})
			send(t, s, sink, 2)
			pods[0].Close()
			send(t, s, sink, 1)

			want := []struct{ pod, connPod string }{{"pod-a", ""}, {"pod-b", "pod-a"}, {"", "pod-b"}}
			for i, got := range sink.all {
				if got.Conn != 1 || got.Pod != want[i].pod || got.ConnPod != want[i].connPod {
					t.Errorf("request %d on connection %d: answered by %q after %q, want %v", i, got.Conn, got.Pod, got.ConnPod, want[i])
				}
			}
			if last := sink.all[2]; last.Class != recording.ClassStatus || last.Status != http.StatusBadGateway {
				t.Errorf("%s, status %d where the pod is gone", last.Class, last.Status)
			}
		})
	}
}

// A proxy of layer 4 leads each connection to one pod for as long as it lasts.
func TestALayer4ProxysConnectionNamesOnePod(t *testing.T) {
	pods := []*httptest.Server{podServer(t, "pod-a"), podServer(t, "pod-b")}
	var turn atomic.Int64
	proxy := serve(t, false, func(v *visit) {
		var d net.Dialer
		to, err := d.DialContext(t.Context(), "tcp", pods[(turn.Add(1)-1)%2].Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = to.Close() }()
		go func() { _, _ = io.Copy(v.Conn, to) }()
		_, _ = io.Copy(to, v.reader)
	})
	sink := &samples{}
	send(t, streamTo(t, proxy, sink, reused(2)), sink, 6)
	podOf := map[uint64]string{}
	for i, got := range sink.all {
		if podOf[got.Conn] != got.ConnPod {
			t.Errorf("request %d: the connection was last answered by %q, not %q", i, podOf[got.Conn], got.ConnPod)
		}
		if got.ConnPod != "" && got.ConnPod != got.Pod {
			t.Errorf("request %d: answered by %q after %q", i, got.Pod, got.ConnPod)
		}
		podOf[got.Conn] = got.Pod
	}
	if podOf[1] != "pod-a" || podOf[2] != "pod-b" {
		t.Errorf("the connections' pods are %v", podOf)
	}
}
