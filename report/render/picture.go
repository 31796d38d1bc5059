package render

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

// checkText shows the check as JSON, which YAML takes too.
func checkText(r *report.Report) (string, error) {
	text, err := json.MarshalIndent(r.Check, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the check: %w", err)
	}
	return string(text), nil
}

// picture is what the page's script draws. Times are seconds since the run began
// unless they say otherwise.
type picture struct {
	Began       string          `json:"began"`
	End         float64         `json:"end"`
	Lanes       []pictureLane   `json:"lanes"`
	Streams     []pictureStream `json:"streams"`
	Disruptions []pictureBand   `json:"disruptions"`
	Late        []pictureLate   `json:"late"`
	Findings    []string        `json:"findings"`
	// Senders are the pods that sent, by their index; missing where the program itself
	// did.
	Senders []string     `json:"senders,omitempty"`
	Marks   pictureMarks `json:"marks"`
}

// pictureLane is one pod. Lanes are in the order in which the pods, or containers of
// them, first ended; behind those are the others in the order of their creation.
type pictureLane struct {
	Name    string       `json:"name"`
	Node    string       `json:"node"`
	New     bool         `json:"new"`
	Created float64      `json:"created"`
	Ready   [][2]float64 `json:"ready"`
	Slice   [][2]float64 `json:"slice"`
	Ends    []pictureEnd `json:"ends"`
	// Lost tells that its termination may explain a failure.
	Lost bool `json:"lost"`
}

// pictureEnd is the end of a pod, or of one of its containers. Moments that are
// not known are missing; others are the bounds between which they lie.
type pictureEnd struct {
	Words     string      `json:"words"`
	Container bool        `json:"container"`
	Began     *[2]float64 `json:"began,omitempty"`
	Sigterm   *[2]float64 `json:"sigterm,omitempty"`
	Exited    *[2]float64 `json:"exited,omitempty"`
	Gone      *[2]float64 `json:"gone,omitempty"`
	// Answers is until when the pod answered on its own address.
	Answers *[2]float64 `json:"answers,omitempty"`
}

type pictureStream struct {
	Name string  `json:"name"`
	Step float64 `json:"step"`
	// Until is the end of the last step, which is cut short.
	Until float64 `json:"until"`
	// OK, Failed and Maskable are per step, the latencies in milliseconds.
	OK       []int     `json:"ok"`
	Failed   []int     `json:"failed"`
	Maskable []int     `json:"maskable"`
	P50      []float64 `json:"p50"`
	P99      []float64 `json:"p99"`
	Max      []float64 `json:"max"`
	// Late are the times in which its own requests went out late.
	Late []pictureLate `json:"late"`
}

// pictureLate is a time in which the load was late, and how late.
type pictureLate struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Words string  `json:"words"`
}

type pictureBand struct {
	Kind string  `json:"kind"`
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// pictureMarks are the failures, column by column. Words are indexes into the
// lists of words.
type pictureMarks struct {
	Words   []string `json:"words"`
	Stream  []int    `json:"stream"`
	Finding []int    `json:"finding"`
	// Lane is the index of the pod's lane, -1 where no pod explains the failure.
	// Pods has the names where several may have been it.
	Lane []int `json:"lane"`
	Pods []int `json:"pods"`
	// Sent is in tenths of a millisecond, Took in milliseconds.
	Sent  []int64   `json:"sent"`
	Took  []float64 `json:"took"`
	Phase []int     `json:"phase"`
	Class []int     `json:"class"`
	// Since is the time since SIGTERM in milliseconds; missing ones are null.
	Since    []*float64 `json:"since"`
	Status   []int      `json:"status"`
	Maskable []int      `json:"maskable"`
	// Connection is the connection's number, Served how many answers it had
	// carried before.
	Connection []uint64 `json:"connection"`
	Served     []uint32 `json:"served"`
	// Sender is the index of the sender; missing where the program itself sent.
	Sender []int `json:"sender,omitempty"`
}

// newMarks makes room for n marks. Columns without any are empty, not missing.
func newMarks(n int) pictureMarks {
	return pictureMarks{
		Words: []string{}, Stream: make([]int, 0, n), Finding: make([]int, 0, n), Lane: make([]int, 0, n), Pods: make([]int, 0, n),
		Sent: make([]int64, 0, n), Took: make([]float64, 0, n), Phase: make([]int, 0, n), Class: make([]int, 0, n),
		Since: make([]*float64, 0, n), Status: make([]int, 0, n), Maskable: make([]int, 0, n),
		Connection: make([]uint64, 0, n), Served: make([]uint32, 0, n),
	}
}

// packPicture gives the picture as JSON, compressed, in the alphabet that HTML
// does not escape.
func packPicture(p picture) (string, error) {
	var packed bytes.Buffer
	encoder := base64.NewEncoder(base64.RawURLEncoding, &packed)
	compressor := gzip.NewWriter(encoder)
	if err := errors.Join(json.NewEncoder(compressor).Encode(p), compressor.Close(), encoder.Close()); err != nil {
		return "", fmt.Errorf("write the picture: %w", err)
	}
	return packed.String(), nil
}

func draw(r *report.Report) picture {
	d := drawing{report: r, pods: inOrderOfEnds(r), words: map[string]int{}, lanes: map[string][]int{}}
	p := picture{
		Began: r.Began.UTC().Format(time.RFC3339Nano),
		End:   d.at(r.Ended),
		Lanes: []pictureLane{}, Streams: []pictureStream{}, Disruptions: []pictureBand{}, Findings: []string{},
	}
	for _, pod := range d.pods {
		p.Lanes = append(p.Lanes, d.lane(pod))
	}
	for i, c := range r.Picture.Series {
		p.Streams = append(p.Streams, pictureStream{
			Name: clean(r.Streams[i].Name), Step: time.Duration(c.Step).Seconds(), Until: time.Duration(c.Until).Seconds(), OK: c.OK, Failed: c.Failed, Maskable: c.Maskable,
			P50: milliseconds(c.P50), P99: milliseconds(c.P99), Max: milliseconds(c.Max),
			Late: d.late(streamLateness(&r.Streams[i], c.Late)),
		})
	}
	p.Late = d.late(allLateness(r))
	for i := range r.Disruptions {
		p.Disruptions = append(p.Disruptions, d.band(i))
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		p.Findings = append(p.Findings, clean(string(f.Cause)+", "+phase(r, f)))
	}
	for i := range r.Senders {
		p.Senders = append(p.Senders, clean(r.Senders[i].Pod+" on "+r.Senders[i].Node))
	}
	d.marks = newMarks(len(r.Picture.Failures))
	for i := range r.Picture.Failures {
		f := &r.Picture.Failures[i]
		d.mark(f, r.Picture.Finding[i])
		for _, name := range f.Pods {
			if lane := d.laneOf(name, f.Ended); lane >= 0 {
				p.Lanes[lane].Lost = true
			}
		}
	}
	p.Marks = d.marks
	return p
}

// drawing is a picture in the making.
type drawing struct {
	report *report.Report
	// pods are those of the lanes; lanes are the numbers of a name's.
	pods  []*report.Pod
	lanes map[string][]int
	count int
	marks pictureMarks
	words map[string]int
}

// at is a moment in seconds since the run began, to a tenth of a millisecond.
func (d *drawing) at(t time.Time) float64 {
	return float64(t.Sub(d.report.Began).Round(100*time.Microsecond)/(100*time.Microsecond)) / 1e4
}

func (d *drawing) between(i report.Interval) *[2]float64 {
	if !i.Known() {
		return nil
	}
	return &[2]float64{d.at(i.From), d.at(i.To)}
}

func (d *drawing) stretches(all []report.Stretch) [][2]float64 {
	drawn := [][2]float64{}
	for _, s := range all {
		to := s.To
		if to.IsZero() {
			to = d.report.Ended
		}
		drawn = append(drawn, [2]float64{d.at(s.From), d.at(to)})
	}
	return drawn
}

func (d *drawing) lane(p *report.Pod) pictureLane {
	d.lanes[p.Name] = append(d.lanes[p.Name], d.count)
	d.count++
	lane := pictureLane{
		Name: clean(p.Name), Node: clean(p.Node), New: p.New, Created: d.at(p.Created),
		Ready: d.stretches(p.Ready), Slice: d.stretches(p.InSlice), Ends: []pictureEnd{},
	}
	for i := range d.report.Terminations {
		if t := &d.report.Terminations[i]; t.UID == p.UID {
			lane.Ends = append(lane.Ends, d.end(t))
		}
	}
	return lane
}

func (d *drawing) end(t *report.Termination) pictureEnd {
	words := fmt.Sprintf("ended by %s, grace %s", t.EndedBy, short(t.Grace))
	if t.PreStop != "" {
		words += ", preStop " + string(t.PreStop)
	}
	if t.PreStopFailed.Known() {
		words += " that failed"
	}
	if t.ExitCode != nil {
		words += ", exit code " + exitCode(t)
	}
	began := t.Seen
	if t.Requested.Known() {
		began = t.Requested
	}
	end := pictureEnd{
		Words: clean(words), Container: t.Container != "",
		Began: d.between(began), Sigterm: d.between(t.Sigterm), Exited: d.between(t.Exited), Gone: d.between(t.Gone),
	}
	if t.Window != nil {
		end.Answers = d.between(t.Window.Answers)
	}
	return end
}

// band is a disruption's time. One that came to no end lasts until the next one,
// or until the run's end.
func (d *drawing) band(i int) pictureBand {
	one := &d.report.Disruptions[i]
	to := one.Steady
	if to.IsZero() {
		to = d.report.Ended
		if i+1 < len(d.report.Disruptions) {
			to = d.report.Disruptions[i+1].Started
		}
	}
	return pictureBand{Kind: clean(one.Kind), From: d.at(one.Started), To: d.at(to)}
}

func (d *drawing) mark(f *report.Failure, finding int) {
	m := &d.marks
	several := ""
	if len(f.Pods) > 1 {
		several = strings.Join(f.Pods, ", ")
	}
	m.Stream = append(m.Stream, slices.IndexFunc(d.report.Streams, func(s report.Stream) bool { return s.Name == f.Stream }))
	m.Finding = append(m.Finding, finding)
	lane := -1
	if len(f.Pods) > 0 {
		lane = d.laneOf(f.Pods[0], f.Ended)
	}
	m.Lane = append(m.Lane, lane)
	m.Pods = append(m.Pods, d.word(several))
	m.Sent = append(m.Sent, f.Sent.Sub(d.report.Began).Round(100*time.Microsecond).Microseconds()/100)
	m.Took = append(m.Took, millisecond(report.Duration(f.Ended.Sub(f.Sent))))
	m.Phase = append(m.Phase, d.word(string(f.Phase)))
	m.Class = append(m.Class, d.word(string(f.Class)))
	var since *float64
	if f.SinceSigterm != nil {
		since = new(millisecond(*f.SinceSigterm))
	}
	m.Since = append(m.Since, since)
	m.Status = append(m.Status, f.Status)
	maskable := 0
	if f.Maskable {
		maskable = 1
	}
	m.Maskable = append(m.Maskable, maskable)
	m.Connection = append(m.Connection, f.Connection)
	m.Served = append(m.Served, f.Served)
	if f.Sender != nil {
		m.Sender = append(m.Sender, *f.Sender)
	}
}

// laneOf finds the lane of a pod that explains a failure: of those that bore its
// name the youngest one that was there by then.
func (d *drawing) laneOf(name string, failed time.Time) int {
	found := -1
	for _, lane := range d.lanes[name] {
		created := d.pods[lane].Created
		if !created.After(failed) && (found < 0 || !created.Before(d.pods[found].Created)) {
			found = lane
		}
	}
	return found
}

// word gives the index of a text that is said once.
func (d *drawing) word(text string) int {
	i, ok := d.words[text]
	if !ok {
		i = len(d.marks.Words)
		d.words[text] = i
		d.marks.Words = append(d.marks.Words, clean(text))
	}
	return i
}

// milliseconds rounds to a hundredth.
func milliseconds(all []report.Duration) []float64 {
	values := make([]float64, len(all))
	for i, d := range all {
		values[i] = millisecond(d)
	}
	return values
}

func millisecond(d report.Duration) float64 {
	return float64(time.Duration(d).Round(10*time.Microsecond).Microseconds()) / 1000
}
