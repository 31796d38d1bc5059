//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// The run that is killed sends this many requests per second in all, and has sent
// so many by then: enough for several segments, the next one half full.
const (
	crashRate  = 5000
	crashAfter = crashRate * 14
)

// counting is a service that knows which requests it was sent, and when.
type counting struct {
	mu   sync.Mutex
	seen map[request]time.Time
	// enough is closed when it has seen crashAfter.
	enough chan struct{}
}

func (c *counting) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	seq, err := strconv.ParseUint(r.Header.Get("X-Vegeta-Seq"), 10, 64)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[request{r.Header.Get("X-Vegeta-Attack"), seq}] = time.Now()
	if len(c.seen) == crashAfter {
		close(c.enough)
	}
}

// A run that is killed in the midst of its load leaves all but its last seconds,
// and the report of the rest says so.
func TestKilledRunLeavesAllButItsLastSeconds(t *testing.T) {
	graceful := newPlace(t).deploy(t, "graceful")
	before := graceful.state(t)
	service := &counting{seen: map[request]time.Time{}, enough: make(chan struct{})}
	server := httptest.NewServer(service)
	defer server.Close()
	graceful.url = server.URL // the run watches pods that have nothing to do

	check := graceful.startCheck(t, "--baseline", "4s", "--observe", "5m",
		"--stream", "name=reused,rate=4800,connections=reused", "--stream", "name=new,rate=200,connections=new")
	select {
	case <-service.enough:
	case <-time.After(patience):
		t.Error("the service was not sent enough")
	}
	at := time.Now()
	if err := check.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	killed := check.wait(t)
	killed.want(t, -1)
	graceful.wantUnchanged(t, before)

	server.Close()
	recorded := service.wantRecorded(t, killed.folder, at)
	wantSent(t, killed.folder, recorded)
	text := runTool(t, "report", killed.folder)
	text.want(t, inconclusive)
	if !strings.Contains(text.stdout, "the run was cut off: its recording has no end") {
		t.Errorf("the report does not say that the run was cut off:\n%s", text.stdout)
	}
}

// wantRecorded fails the test unless the recording of a run that was killed holds
// what the service has seen, but for what the last two segments may take along and
// what was under way. It says how many requests are recorded.
func (c *counting) wantRecorded(t *testing.T, folder string, killed time.Time) int {
	t.Helper()
	run, err := recording.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	recorded := map[request]bool{}
	sure := killed.Add(-2 * recording.SegmentAge)
	var longest time.Duration
	for s, err := range run.Samples() {
		if err != nil {
			t.Fatal(err)
		}
		if _, probed := recording.WindowOf(s.Stream); probed {
			continue // a pod was asked, and not the service
		}
		r := request{s.Stream, s.Seq}
		if c.seen[r].IsZero() || s.Outcome != recording.OK || recorded[r] {
			t.Fatalf("seen at %s, recorded twice: %t: %+v", c.seen[r], recorded[r], *s)
		}
		recorded[r] = true
		longest = max(longest, s.End-s.Sent)
		if s.EndAt().After(sure) { // and so is all that ended before it
			sure = s.EndAt()
		}
	}

	// On a busy machine a request is under way for seconds.
	sure = sure.Add(-2*longest - time.Second)
	missing, first := 0, killed
	for r, at := range c.seen {
		if at.Before(first) {
			first = at
		}
		if !recorded[r] && at.Before(sure) {
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("%d requests are missing that were sent more than %s before the run was killed", missing, killed.Sub(sure))
	}
	t.Logf("killed after %s: %d of %d requests recorded, sure ones are those of the first %s", killed.Sub(first), len(recorded), len(c.seen), sure.Sub(first))
	return len(recorded)
}

// wantSent fails the test unless the report counts so many requests.
func wantSent(t *testing.T, folder string, want int) {
	t.Helper()
	var r report
	if err := json.Unmarshal([]byte(runTool(t, "report", folder, "-o", "json").stdout), &r); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for _, s := range r.Streams {
		sent += s.Sent
	}
	if sent != want {
		t.Errorf("the report counts %d requests, recorded are %d", sent, want)
	}
}
