package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/internal/schema/schematest"
	"github.com/shutdowncheck/shutdowncheck/recording"
	"github.com/shutdowncheck/shutdowncheck/report"
)

func milli(n int) report.Duration { return report.Duration(n) * report.Duration(time.Millisecond) }

// Each format tells of the senders, first of the one that was lost.
func TestSendersAreTold(t *testing.T) {
	r := cutAndShut()
	r.Picture = &report.Picture{Series: []report.Series{{Step: report.Duration(time.Second)}}}
	r.Senders = []report.Sender{
		{Index: 0, Pod: "send-0", Node: "worker", Sent: 500, Failed: 6, Clock: &recording.ClockOffset{From: -milli(2), To: milli(3)}},
		{Index: 1, Pod: "send-1", Node: "worker2", Sent: 200, Lost: "OOMKilled", LostAt: time.Date(2026, 3, 1, 12, 0, 9, 0, time.UTC)},
		{Index: 2, Pod: "send-2", Node: "worker3", Sent: 500, Failed: 7, Clock: &recording.ClockOffset{From: milli(20), To: milli(25)}},
		{Index: 3, Pod: "send-3", Node: "worker3", Sent: 500, Clock: &recording.ClockOffset{From: -milli(25), To: -milli(20)}},
	}
	for format, want := range map[string]string{
		"text": "sender node sent failed client clock lost send-1 worker2 200 0 0 ? at 12:00:09.000 send-2 worker3 500 7 0 20ms to 25ms ahead " +
			"send-0 worker 500 6 0 ±3ms send-3 worker3 500 0 0 20ms to 25ms behind",
		"markdown": "<summary>4 senders</summary> | sender | node | sent | failed | client | clock | lost | |:---|:---|---:|---:|---:|---:|---:| " +
			"| `send-1` | `worker2` | 200 | 0 | 0 | ? | at 12:00:09.000 | | `send-2`",
	} {
		var out bytes.Buffer
		if err := formats[format](&out, r); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("%s: not %q in\n%s", format, want, out.String())
		}
	}
	if out := page(t, r); !inOrder(out, "Who sent them", "send-1", "at 12:00:09.000", "send-2", "send-0", "send-3") || !strings.Contains(out, `<select id="senders">`) {
		t.Error("the page does not tell of the senders, or does not let one choose among them")
	}
	if p := unpacked(t, page(t, r)); len(p.Senders) != 4 || p.Senders[1] != "send-1 on worker2" {
		t.Errorf("the picture has %q", p.Senders)
	}
}

// What a report tells of senders is in the schema, and is read back as it was written.
func TestSendersInJSON(t *testing.T) {
	r := goldenReports(t)["exits-at-sigterm"]
	at := time.Date(2026, 3, 1, 12, 0, 9, 0, time.UTC)
	r.Senders = []report.Sender{
		{Index: 0, Pod: "send-0", Node: "worker", Sent: 3, OK: 1, Failed: 2, Clock: &recording.ClockOffset{From: -milli(2), To: milli(3)}},
		{Index: 1, Pod: "send-1", Node: "worker2", Lost: "OOMKilled", LostAt: at},
	}
	r.Findings[0].Node = "worker"
	r.Failures[0].Sender = new(0)
	r.Terminations[0].Refused = []report.Refused{{Sender: 0, Node: "worker", Requests: 2, First: at, Last: at}}
	var text bytes.Buffer
	if err := JSON(&text, r); err != nil {
		t.Fatal(err)
	}
	if err := schematest.Compiled(t, Schema()).Validate(text.Bytes()); err != nil {
		t.Error(err)
	}
	var back report.Report
	if err := json.Unmarshal(text.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&back, r) {
		t.Errorf("\n got %+v\nwant %+v", &back, r)
	}
}

// A thousand senders do not crowd out what follows them.
func TestManySenders(t *testing.T) {
	r := cutAndShut()
	for i := range 1000 {
		r.Senders = append(r.Senders, report.Sender{Index: i, Pod: fmt.Sprintf("send-%d", i), Failed: i % 7})
	}
	var out bytes.Buffer
	if err := Text(&out, r, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "send-"); n != textSenders {
		t.Errorf("%d senders", n)
	}
	if want := "and 980 more, with 6 requests failed at the most"; !strings.Contains(out.String(), want) {
		t.Errorf("not %q in\n%s", want, out.String())
	}
}
