package export

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// Format is one of the encodings that the vegeta command reads. It tells them
// apart by itself.
type Format string

// The formats. Gob is what vegeta attack writes.
const (
	VegetaGob  Format = "vegeta-gob"
	VegetaJSON Format = "vegeta-json"
	VegetaCSV  Format = "vegeta-csv"
)

// encoder gives the format's encoder, nil for one that is unknown.
func (f Format) encoder() func(io.Writer) vegeta.Encoder {
	switch f {
	case VegetaGob:
		return vegeta.NewEncoder
	case VegetaJSON:
		return vegeta.NewJSONEncoder
	case VegetaCSV:
		return vegeta.NewCSVEncoder
	default:
		return nil
	}
}

// Streams names the streams of a recording.
func Streams(r *recording.Recording) []string {
	var names []string
	for _, s := range r.Header.Check.Streams {
		names = append(names, s.Name)
	}
	return names
}

// Vegeta writes the samples of the named streams, or of all if none is named.
// One sample is held at a time. It fails where the recording is damaged, where w
// does, and when ctx ends; what was written until then stays.
func Vegeta(ctx context.Context, w io.Writer, format Format, r *recording.Recording, streams ...string) error {
	newEncoder := format.encoder()
	if newEncoder == nil {
		return fmt.Errorf("unknown format %q", format)
	}
	attacks := map[string]*attack{}
	for _, s := range r.Header.Check.Streams {
		if len(streams) == 0 || slices.Contains(streams, s.Name) {
			attacks[s.Name] = &attack{
				method: s.Method, url: s.URL,
				podHeader: r.Header.Check.Target.PodHeader, headers: map[string]http.Header{},
			}
		}
	}
	for _, name := range streams {
		if attacks[name] == nil {
			return fmt.Errorf("no stream %q; there is %s", name, strings.Join(Streams(r), ", "))
		}
	}

	buffered := bufio.NewWriterSize(w, 1<<16)
	encode := newEncoder(buffered)
	for sample, err := range r.Samples() {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		attack := attacks[sample.Stream]
		if attack == nil {
			continue
		}
		result := attack.result(sample)
		if err := encode(&result); err != nil {
			return fmt.Errorf("write results: %w", err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}

// attack is what all results of a stream have in common.
type attack struct {
	method, url string
	podHeader   string
	// headers holds one header for each pod.
	headers map[string]http.Header
}

func (a *attack) result(s *recording.Sample) vegeta.Result {
	result := vegeta.Result{
		Attack:    s.Stream,
		Seq:       s.Seq,
		Timestamp: s.Scheduled,
		Latency:   s.End,
		BytesOut:  uint64(s.BytesOut),
		BytesIn:   uint64(s.BytesIn),
		Method:    a.method,
		URL:       a.url,
		Headers:   a.header(s.Pod),
	}
	if s.Outcome == recording.OK || s.Phase == recording.PhaseDone {
		result.Code = uint16(s.Status)
	}
	if s.Outcome != recording.OK {
		result.Error = errorOf(s)
	}
	return result
}

func (a *attack) header(pod string) http.Header {
	if pod == "" || a.podHeader == "" {
		return nil
	}
	header := a.headers[pod]
	if header == nil {
		header = http.Header{}
		header.Set(a.podHeader, pod)
		a.headers[pod] = header
	}
	return header
}

// errorOf says why a request failed, in words that are never empty and that
// every format can hold.
func errorOf(s *recording.Sample) string {
	if text := strings.TrimSpace(strings.ToValidUTF8(s.Error, "�")); text != "" {
		return strings.ReplaceAll(text, "\r\n", "\n") // which a CSV reader would do
	}
	if s.Outcome == recording.Unfinished {
		return "unfinished when the run was cut short"
	}
	return fmt.Sprintf("%s at %s", s.Class, s.Phase)
}
