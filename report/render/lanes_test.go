package render

import (
	"slices"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/report"
)

func TestLanesAreInTheOrderOfEnds(t *testing.T) {
	began := time.Unix(1e9, 0)
	at := func(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }
	moment := func(seconds int) report.Interval {
		return report.Interval{From: at(seconds), To: at(seconds + 1)}
	}
	pod := func(uid string, created int) report.Pod {
		return report.Pod{Name: "web-0", UID: uid, Created: at(created)}
	}
	r := &report.Report{
		Began: began, Ended: at(100),
		Terminations: []report.Termination{
			{Pod: "web-0", UID: "second", Requested: moment(20), Seen: moment(5)},
			{Pod: "web-0", UID: "first", Seen: moment(10), Exited: moment(90)},
			{Pod: "web-0", UID: "restarted", Container: "app", Exited: moment(40)},
			{Pod: "web-0", UID: "restarted", Container: "app", Exited: moment(15)},
		},
		Picture: &report.Picture{
			Pods: []report.Pod{pod("stays", -9), pod("second", -8), pod("first", -7), pod("restarted", -6), pod("new", 50)},
			Failures: []report.Failure{
				{Pods: []string{"web-0"}, Ended: at(30)},
				{Pods: []string{"web-0", "other"}, Ended: at(60)},
				{Ended: at(60)},
			},
			Finding: []int{0, 0, 0},
		},
		Findings: []report.Finding{{Failed: 3}},
	}
	p := draw(r)
	var order []string
	for _, pod := range inOrderOfEnds(r) {
		order = append(order, pod.UID)
	}
	if want := []string{"first", "restarted", "second", "stays", "new"}; !slices.Equal(order, want) {
		t.Errorf("%q, want %q", order, want)
	}
	// Of the pods of one name it was the youngest that was there by then.
	if want := []int{1, 4, -1}; !slices.Equal(p.Marks.Lane, want) {
		t.Errorf("the marks are on the lanes %v, want %v", p.Marks.Lane, want)
	}
	for lane, want := range []bool{false, true, false, false, true} {
		if p.Lanes[lane].Lost != want {
			t.Errorf("lane %s: lost is %t", order[lane], p.Lanes[lane].Lost)
		}
	}
}

// Where several pods may have been it, each of them has a lane among those that
// lost requests.
func TestEachOfSeveralPodsMayHaveLost(t *testing.T) {
	r := &report.Report{Picture: &report.Picture{
		Pods:     []report.Pod{{Name: "a", UID: "a"}, {Name: "b", UID: "b"}, {Name: "c", UID: "c"}},
		Failures: []report.Failure{{Pods: []string{"a", "c"}, Ended: time.Unix(1e9, 0)}},
		Finding:  []int{0},
	}}
	p := draw(r)
	if !p.Lanes[0].Lost || p.Lanes[1].Lost || !p.Lanes[2].Lost {
		t.Errorf("%+v", p.Lanes)
	}
}
