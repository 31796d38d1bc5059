package check_test

import (
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// read reads a check with some more lines.
func read(t *testing.T, more string) (check.Check, error) {
	t.Helper()
	return check.Read("check.yaml", []byte("workload: deployment/web\ntarget: {url: 'http://web/'}\n"+more))
}

// The window is measured unless the check says that it is not to be.
func TestTheWindowIsMeasuredUnlessToldOtherwise(t *testing.T) {
	for more, want := range map[string]*check.Window{
		"":                      {Rate: check.DefaultWindowRate},
		"window:\n":             {Rate: check.DefaultWindowRate},
		"window: true\n":        {Rate: check.DefaultWindowRate},
		"window: {path: /x}\n":  {Path: "/x", Rate: check.DefaultWindowRate},
		"window: {rate: 2.5}\n": {Rate: 2.5},
		"window: false\n":       nil,
	} {
		c, err := read(t, more)
		if err != nil {
			t.Errorf("%q: %v", more, err)
			continue
		}
		if (c.Window == nil) != (want == nil) || want != nil && *c.Window != *want {
			t.Errorf("%q: %+v, want %+v", more, c.Window, want)
		}
	}
}

func TestWhatIsWrongWithAWindow(t *testing.T) {
	for more, want := range map[string]string{
		"window: off\n":                                  `window: "off"; want a mapping with path, rate`,
		"window: {path: ready}\n":                        `window.path: "ready" is no path; want one such as /ready`,
		"window: {path: //other/x}\n":                    `window.path: "//other/x" is no path`,
		"window: {rate: -1}\n":                           "window.rate: -1 requests per second; want more than 0 and at most 100",
		"budget: {outlasts: -1s}\n":                      "budget.outlasts: -1s; want more than 0, or 0s for no bound",
		"budget: {path: elb}\n":                          `budget.path: "elb" is no known path; want one of nginx, kube-proxy, proxy, alb, gke-neg, local, agic, nlb`,
		"budget: {path: alb, outlasts: 3s}\n":            "budget.path: both it and budget.outlasts say how long",
		"budget: {outlasts: 3s}\nwindow: false\n":        "window: the window is off, and budget.outlasts is about what it measures",
		"budget: {path: kube-proxy}\nwindow: false\n":    "window: the window is off, and budget.path is about",
		"budget: {outlasts: 0s}\nwindow: {rate: 1000}\n": "window.rate: 1000 requests per second",
	} {
		if _, err := read(t, more); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", more, err, want)
		}
	}
}

// The values of its query may be secrets.
func TestTheWindowsQueryIsHidden(t *testing.T) {
	c, err := read(t, "window: {path: '/ready?key=5ec4e7'}\n")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Recorded(false).Window.Path; strings.Contains(got, "5ec4e7") || !strings.Contains(got, "/ready?key=") {
		t.Errorf("recorded as %s", got)
	}
	if got := c.Recorded(true).Window.Path; got != "/ready?key=5ec4e7" || c.Window.Path != got {
		t.Errorf("shown as %s", got)
	}
}
