package recording

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// TraceBase is the random number that the trace ids of a run are made from; zero where
// requests bear none. It stands for them in the recording: no sample has to tell its own.
type TraceBase [16]byte

// MarshalText gives its hexadecimal digits.
func (b TraceBase) MarshalText() ([]byte, error) {
	return hex.AppendEncode(nil, b[:]), nil
}

// UnmarshalText takes 32 hexadecimal digits.
func (b *TraceBase) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(b) {
		return fmt.Errorf("%.40q is no base of trace ids; want 32 hexadecimal digits", text)
	}
	_, err := hex.Decode(b[:], text)
	return err
}

// Traces gives the trace ids of a stream.
func (b TraceBase) Traces(stream string) Traces {
	sum := sha256.Sum256(append(b[:], stream...))
	word := func(i int) uint64 { return binary.BigEndian.Uint64(sum[8*i:]) }
	return Traces{stream: word(0) | 1, first: word(1), parent: word(2)}
}

// Traces are the trace ids of one stream's requests, as W3C's Trace Context (level 1)
// has them. Each is another, and none is zero: the first half is the stream's, and the
// second, by which tracers choose the traces that they keep, looks random.
type Traces struct{ stream, first, parent uint64 }

// ID is the trace id of a request, by its number in the stream.
func (t Traces) ID(seq uint64) TraceID {
	var id TraceID
	binary.BigEndian.PutUint64(id[:8], t.stream)
	binary.BigEndian.PutUint64(id[8:], mixed(t.first+seq))
	return id
}

// AppendParent appends the request's traceparent: version 00, its trace id, the id of
// the span that the client would have made of it, and that it is to be kept (sampled).
func (t Traces) AppendParent(to []byte, seq uint64) []byte {
	id := t.ID(seq)
	var span [8]byte
	binary.BigEndian.PutUint64(span[:], mixed(t.parent+seq)|1) // zero is no id
	to = append(to, "00-"...)
	to = hex.AppendEncode(to, id[:])
	to = append(to, '-')
	to = hex.AppendEncode(to, span[:])
	return append(to, "-01"...)
}

// TraceID is one trace's.
type TraceID [16]byte

// String gives its 32 hexadecimal digits, as it stands in a traceparent and in logs.
func (id TraceID) String() string { return hex.EncodeToString(id[:]) }

// mixed spreads a number over all bits, each to another one (splitmix64's finalizer).
func mixed(n uint64) uint64 {
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
