package realtime

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSchedule(t *testing.T) {
	c := exec.CommandContext(t.Context(), "sleep", "60")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	err := Schedule(c.Process.Pid)
	if os.Geteuid() != 0 {
		if err == nil {
			t.Error("it takes root's rights, and went without")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	attr, err := unix.SchedGetAttr(c.Process.Pid, 0)
	if err != nil || attr.Policy != unix.SCHED_FIFO || attr.Priority != 1 {
		t.Errorf("policy %d, priority %d: %v", attr.Policy, attr.Priority, err)
	}
}
