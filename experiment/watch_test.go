package experiment

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/recording"
)

// The kubelet reports a container that cut the last requests of a run only
// after the run's load has ended.
func TestWatchGoesOnForLateNews(t *testing.T) {
	tests := map[string]struct {
		interrupted bool
		// reported is when the kubelet does so after the load's end.
		reported time.Duration
		want     bool
	}{
		"a status that comes late":         {reported: 2500 * time.Millisecond, want: true},
		"one that comes too late":          {reported: 4 * time.Second},
		"a user who does not want to wait": {interrupted: true, reported: time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-1", Namespace: "shop", UID: "1", Labels: map[string]string{"app": "web"}}}
				client := fake.NewClientset(pod)
				dir := t.TempDir()
				writer, err := recording.Create(dir, time.Now)
				if err != nil {
					t.Fatal(err)
				}
				r := &run{writer: writer, facts: recording.Workload{Selector: "app=web"}, cfg: Config{
					Observe: client, Namespace: "shop", Now: time.Now,
					Check: check.Check{Workload: check.Workload{Kind: "Deployment", Name: "web"}},
				}}
				ctx, interrupt := context.WithCancel(t.Context())
				defer interrupt()
				if _, err := r.watch(ctx); err != nil {
					t.Fatal(err)
				}
				if tt.interrupted {
					interrupt()
				}
				report := time.AfterFunc(tt.reported, func() {
					cut := pod.DeepCopy()
					cut.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", RestartCount: 1}}
					if _, err := client.CoreV1().Pods("shop").UpdateStatus(context.Background(), cut, metav1.UpdateOptions{}); err != nil {
						t.Error(err)
					}
				})
				if err := r.teardown.run(ctx, func(string) {}); err != nil {
					t.Error(err)
				}
				report.Stop()
				if err := writer.Header(recording.Header{Check: r.cfg.Check}); err != nil {
					t.Fatal(err)
				}
				if err := writer.Close(recording.Ending{}); err != nil {
					t.Fatal(err)
				}
				recorded, err := recording.Open(dir)
				if err != nil {
					t.Fatal(err)
				}
				got := false
				for e := range recorded.Events.ButSlices() {
					got = got || e.Pod != nil && e.Pod.Change == recording.Modified
				}
				if got != tt.want {
					t.Errorf("the restart is in the recording: %v, want %v", got, tt.want)
				}
			})
		})
	}
}
