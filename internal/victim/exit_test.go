package victim

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
)

// A process that exits at once says nothing, and what its log lists in flight gets
// no part of an answer, however busy it is.
func TestExitIsExact(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("http2=%t", http2), func(t *testing.T) {
			r := start(t, "VICTIM_ON_SIGTERM=exit")
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			var asking sync.WaitGroup
			var mu sync.Mutex
			begun := map[string]string{} // requests whose answer began to come, and how they ended
			for client := range 100 {
				transport := &http.Transport{Protocols: new(http.Protocols), MaxConnsPerHost: 1}
				transport.Protocols.SetHTTP1(!http2)
				transport.Protocols.SetUnencryptedHTTP2(http2)
				defer transport.CloseIdleConnections()
				url := fmt.Sprintf("http://%s/slow?for=%dms", r.addr(), 1+client%20)
				asking.Go(func() {
					for seq := 0; ; seq++ {
						req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
						if err != nil {
							t.Error(err)
							return
						}
						id := strconv.Itoa(seq)
						req.Header.Set("X-Vegeta-Attack", strconv.Itoa(client))
						req.Header.Set("X-Vegeta-Seq", id)
						res, err := transport.RoundTrip(req)
						if err != nil {
							return
						}
						_, err = io.ReadAll(res.Body)
						_ = res.Body.Close()
						mu.Lock()
						begun[req.Header.Get("X-Vegeta-Attack")+"/"+id] = fmt.Sprintf("close %t, %v", res.Close, err)
						mu.Unlock()
						if res.Close {
							t.Error("an answer announced the end")
						}
						if err != nil {
							return
						}
					}
				})
			}
			r.awaitThat(RequestEnd, func(e Event) bool { return e.Request.Seq == "20" })
			r.sigterm()
			asking.Wait()
			listed := r.await(Exiting).InFlight
			if len(listed) == 0 {
				t.Error("nothing was in flight")
			}
			for _, q := range listed {
				if how, ok := begun[q.Stream+"/"+q.Seq]; ok {
					t.Errorf("%s/%s was in flight at the exit, and its answer began: %s", q.Stream, q.Seq, how)
				}
			}
		})
	}
}
