package attack

import (
	"math"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// fields writes those of a header or of trailers, in pairs of a name and a value.
func (h *http2Visit) fields(stream uint32, end bool, pairs ...string) {
	h.header.Reset()
	for i := 0; i < len(pairs); i += 2 {
		_ = h.encode.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	_ = h.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: h.header.Bytes(), EndHeaders: true, EndStream: end})
}

func (h *http2Visit) begin(stream uint32) {
	h.fields(stream, false, ":status", "200", "content-type", "application/grpc")
}

// serving is the health service's answer to Check, as it is sent.
const serving = "\x00\x00\x00\x00\x02\x08\x01"

// answerCall answers as a server of gRPC in good health does.
func (h *http2Visit) answerCall(stream uint32, body string) {
	h.begin(stream)
	_ = h.WriteData(stream, false, []byte(body))
	h.fields(stream, true, "grpc-status", "0")
}

// What ends a call in ways of which no server of the libraries makes use at will, frame by
// frame.
func TestCallsFrameByFrame(t *testing.T) {
	reset := func(code http2.ErrCode) func(*http2Visit, uint32) bool {
		return func(v *http2Visit, stream uint32) bool { return v.WriteRSTStream(stream, code) == nil }
	}
	answer := func(body string) func(*http2Visit, uint32) bool {
		return func(v *http2Visit, stream uint32) bool { v.answerCall(stream, body); return true }
	}
	whole := func(class recording.Class, bytes int64) want { return want{recording.PhaseDone, class, 200, bytes} }
	for name, tt := range map[string]struct {
		do       func(v *http2Visit, stream uint32) bool
		want     want
		error    string
		maskable bool
		// lost is a connection whose end the kernel may tell as a reset.
		lost bool
	}{
		"answered": {do: answer(serving), want: want{bytes: 7, status: 200}},
		"GOAWAY with a last id below it": {
			do: func(v *http2Visit, stream uint32) bool {
				_ = v.WriteGoAway(stream-min(stream, 2), http2.ErrCodeNo, nil)
				v.linger()
				return false
			},
			want: want{recording.PhaseFirstByte, recording.ClassGoAway, 0, 0}, maskable: true,
		},
		"GOAWAY with the highest id, then one with a last id below it": {
			do: func(v *http2Visit, stream uint32) bool {
				_ = v.WriteGoAway(math.MaxInt32, http2.ErrCodeNo, nil)
				_ = v.WriteGoAway(stream-min(stream, 2), http2.ErrCodeNo, nil)
				v.linger()
				return false
			},
			want: want{recording.PhaseFirstByte, recording.ClassGoAway, 0, 0}, maskable: true,
		},
		"GOAWAY while it goes on": {
			do: func(v *http2Visit, stream uint32) bool {
				_ = v.WriteGoAway(stream, http2.ErrCodeNo, nil)
				v.answerCall(stream, serving)
				v.linger()
				return false
			},
			want: want{bytes: 7, status: 200},
		},
		"GOAWAY in the middle of its answer": {
			do: func(v *http2Visit, stream uint32) bool {
				v.begin(stream)
				_ = v.WriteGoAway(math.MaxInt32, http2.ErrCodeNo, nil)
				_ = v.WriteData(stream, false, []byte(serving))
				v.fields(stream, true, "grpc-status", "0")
				v.linger()
				return false
			},
			want: want{bytes: 7, status: 200},
		},
		"GOAWAY with ENHANCE_YOUR_CALM behind it, then FIN": {
			do: func(v *http2Visit, stream uint32) bool {
				_ = v.WriteGoAway(stream, http2.ErrCodeEnhanceYourCalm, []byte("too_many_pings"))
				return false
			},
			want: want{recording.PhaseFirstByte, recording.ClassGoAway, 0, 0}, lost: true,
		},
		"RST_STREAM with REFUSED_STREAM":    {do: reset(http2.ErrCodeRefusedStream), want: want{recording.PhaseFirstByte, recording.ClassRefusedStream, 0, 0}, maskable: true},
		"RST_STREAM with CANCEL":            {do: reset(http2.ErrCodeCancel), want: want{recording.PhaseFirstByte, recording.ClassStreamReset, 0, 0}},
		"RST_STREAM with ENHANCE_YOUR_CALM": {do: reset(http2.ErrCodeEnhanceYourCalm), want: want{recording.PhaseFirstByte, recording.ClassStreamReset, 0, 0}},
		"RST_STREAM with NO_ERROR":          {do: reset(http2.ErrCodeNo), want: want{recording.PhaseFirstByte, recording.ClassStreamReset, 0, 0}},
		"RST_STREAM within a message": {
			do: func(v *http2Visit, stream uint32) bool {
				v.begin(stream)
				_ = v.WriteData(stream, false, []byte(serving[:6]))
				return v.WriteRSTStream(stream, http2.ErrCodeCancel) == nil
			},
			want: want{recording.PhaseBody, recording.ClassStreamReset, 200, 6},
		},
		"no trailers": {
			do: func(v *http2Visit, stream uint32) bool {
				v.begin(stream)
				return v.WriteData(stream, true, []byte(serving)) == nil
			},
			want: whole(recording.ClassGRPCStatus, 7), error: "no grpc-status: the answer ended without its trailers",
		},
		"trailers without a status": {
			do: func(v *http2Visit, stream uint32) bool {
				v.begin(stream)
				_ = v.WriteData(stream, false, []byte(serving))
				v.fields(stream, true, "x-other", "0")
				return true
			},
			want: whole(recording.ClassGRPCStatus, 7), error: "no grpc-status: the answer ended without its trailers",
		},
		"FIN in the place of the trailers": {
			do: func(v *http2Visit, stream uint32) bool {
				v.begin(stream)
				_ = v.WriteData(stream, false, []byte(serving))
				return false
			},
			want: want{recording.PhaseBody, recording.ClassBodyCut, 200, 7}, lost: true,
		},
		"a message that ends in its middle":         {do: answer(serving[:6]), want: whole(recording.ClassWrongBody, 6), error: "the answer ended within a message"},
		"a message that is compressed, unannounced": {do: answer("\x01" + serving[1:]), want: whole(recording.ClassWrongBody, 7), error: "a message is compressed, which was not asked for"},
		"two messages": {do: answer(serving + serving), want: whole(recording.ClassWrongBody, 14), error: "2 messages answer a call that one has to answer"},
		"no message":   {do: answer(""), want: whole(recording.ClassWrongBody, 0), error: "0 messages answer a call that one has to answer"},
		"a header alone": {
			do: func(v *http2Visit, stream uint32) bool {
				v.fields(stream, true, ":status", "200", "content-type", "application/grpc", "grpc-status", "14")
				return true
			},
			want: whole(recording.ClassGRPCStatus, 0), error: "grpc-status 14 (UNAVAILABLE)",
		},
		"another content type": {
			do: func(v *http2Visit, stream uint32) bool {
				v.fields(stream, true, ":status", "200", "content-type", "text/html")
				return true
			},
			want: whole(recording.ClassWrongBody, 0), error: "the answer is none of gRPC: another content type",
		},
		"302 with gRPC's content type": {
			do: func(v *http2Visit, stream uint32) bool {
				v.fields(stream, true, ":status", "302", "content-type", "application/grpc")
				return true
			},
			want: want{recording.PhaseDone, recording.ClassStatus, 302, 0}, error: "302 Found",
		},
		"204 with gRPC's content type": {
			do: func(v *http2Visit, stream uint32) bool {
				v.fields(stream, true, ":status", "204", "content-type", "application/grpc+proto", "grpc-status", "0")
				return true
			},
			want: want{recording.PhaseDone, recording.ClassStatus, 204, 0}, error: "204 No Content",
		},
		"503 of a proxy's": {
			do: func(v *http2Visit, stream uint32) bool {
				v.fields(stream, false, ":status", "503", "content-type", "text/plain")
				return v.WriteData(stream, true, []byte("nobody")) == nil
			},
			want: want{recording.PhaseDone, recording.ClassStatus, 503, 6}, error: "503 Service Unavailable",
		},
	} {
		for _, policy := range []check.Connections{check.New, check.Reused} {
			t.Run(name+"/"+string(policy), func(t *testing.T) {
				t.Parallel()
				server := serveHTTP2(t, false, func(v *http2Visit, stream uint32) bool {
					if stream == 1 && policy == check.Reused {
						v.answerCall(stream, serving)
						return true
					}
					return tt.do(v, stream)
				})
				sink := &samples{}
				s := calls(t, server.url, policy, sink, func(s *check.Stream) {
					if policy == check.Reused {
						s.Pool = 1
					}
				})
				all := send(t, s, sink, 2)
				s.sender.carrier.close()
				if policy == check.Reused {
					fine(t, all[:1])
					all = all[1:]
				}
				for i := range all {
					got := &all[i]
					if got.Class == recording.ClassReset && tt.lost {
						got.Class = tt.want.class
					}
					if (want{got.Phase, got.Class, got.Status, got.BytesIn}) != tt.want || tt.error != "" && got.Error != tt.error || got.Maskable != tt.maskable {
						t.Errorf("%+v", got)
					}
				}
				if n := server.requests.Load(); n != 2 {
					t.Errorf("the server saw %d calls of 2", n)
				}
			})
		}
	}
}
