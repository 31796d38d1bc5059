package experiment

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// A recording that breaks ends the run at once: what goes on unseen proves nothing
// and may do harm.
func TestBrokenRecordingEndsTheRun(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "run")
	writer, err := recording.Create(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	const baseline = time.Hour
	c := check.Check{
		Workload: check.Workload{Kind: check.Deployment, Name: "web"},
		Target:   check.Target{URL: server.URL},
		Streams:  []check.Stream{{Name: "new", Rate: 10, Connections: check.New}},
		Timing:   check.Timing{Baseline: check.Duration(baseline)},
	}.WithDefaults()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-1", Namespace: "shop", UID: "1", Labels: map[string]string{"app": "web"}}}
	r := &run{
		writer: writer, facts: recording.Workload{Selector: "app=web"}, began: time.Now(),
		cfg: Config{
			Observe: fake.NewClientset(pod), Namespace: "shop", Dir: dir, Now: time.Now, Check: c,
			Progress: func(Progress) {},
		},
	}
	r.driver = r.newDriver()
	// A time that JSON cannot write stands for a disk that cannot either.
	unwritable := time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	breaks := time.AfterFunc(100*time.Millisecond, func() { writer.Event(recording.Event{At: unwritable}) })
	defer breaks.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = r.all(ctx)
	if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "encode a line of events.jsonl") {
		t.Errorf("the run ended with %v", err)
	}
	if closed := writer.Close(r.ending(ctx, err)); closed == nil || strings.Count(err.Error(), closed.Error()) != 1 {
		t.Errorf("closing gave %v, the run %v", closed, err)
	}
}
