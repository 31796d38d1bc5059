package script

import (
	"testing"
	"time"
)

func TestMeant(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		words []string
		want  time.Duration
	}{
		{[]string{"sleep", "20"}, 20 * s},
		{[]string{"sleep 20"}, 20 * s},
		{[]string{"sh", "-c", "sleep", "20"}, 20 * s},
		{[]string{"/bin/sh", "-ec", "sleep", "20s"}, 20 * s},
		{[]string{"sh", "sleep 10; kill -QUIT 1"}, 10 * s},
		{[]string{"sh", "sleep", "10"}, 10 * s},
		{[]string{"bash", "-c", "sleep 5 && sleep $(WAIT)"}, 12 * s},
		{[]string{"sleep", "$(WAIT)"}, 7 * s},
		{[]string{"sleep", "$(OTHER)"}, 0},
		{[]string{"sleep"}, 0},
		{[]string{"sleep", "infinity"}, 0},
		{[]string{"sh", "-c"}, 0},
		{[]string{"sh", "/drain.sh", "20"}, 0},
		{[]string{"sh", "-c", "if sleep 5"}, 0},
	} {
		if got := Meant(tt.words, Context{Env: map[string]string{"WAIT": "7"}}); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.words, got, tt.want)
		}
	}
}
