package procfs

import (
	"os"
	"path"
	"testing"
)

func TestFirstProcess(t *testing.T) {
	const id = "4e1fb4d6a0c3d2f5b7a8e9c0d1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4"
	tests := map[string]struct {
		proc, id string
		want     int
		err      string
	}{
		"cgroup v1, the PID 1 among an exec and a nested namespace": {"v1", id, 4211, ""},
		"cgroup v2 by systemd, paths relative to the reader":        {"v2", id, 91, ""},
		"none of its processes":                                     {"v1", "beef", 0, "no process of container beef runs here: it has ended, or its runtime hides its processes"},
		"in the node's own namespace":                               {"shared", id, 0, "no process of container " + id + " is PID 1 of a PID namespace"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pid, err := FirstProcess(os.DirFS(path.Join("testdata/proc", test.proc)), test.id)
			if pid != test.want || err == nil && test.err != "" || err != nil && err.Error() != test.err {
				t.Errorf("got %d, %v, want %d, %s", pid, err, test.want, test.err)
			}
		})
	}
}
