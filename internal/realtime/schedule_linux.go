package realtime

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// rootCPU is the topmost group of the processor's controller (cgroup v1).
const rootCPU = "/sys/fs/cgroup/cpu/cgroup.procs"

// Schedule gives a process of this machine, by its number, the lowest real-time priority.
// With cgroup v1 a group has no real time unless it is given some (sched-rt-group.rst):
// the process moves to the topmost one, which has. It takes root's rights.
func Schedule(pid int) error {
	err := scheduleFIFO(pid)
	if errors.Is(err, unix.EPERM) {
		if err := os.WriteFile(rootCPU, []byte(strconv.Itoa(pid)), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("moving process %d out of its group: %w", pid, err)
		}
		err = scheduleFIFO(pid)
	}
	return err
}

// scheduleFIFO gives the priority to all threads. Those that they begin later have their
// parent's.
func scheduleFIFO(pid int) error {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}
	// A thread that one without the priority began meanwhile has none: the second time
	// there is no such one.
	for range 2 {
		threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			return fmt.Errorf("listing the threads of process %d: %w", pid, err)
		}
		for _, thread := range threads {
			tid, err := strconv.Atoi(thread.Name())
			if err != nil {
				continue
			}
			if err := unix.SchedSetAttr(tid, &attr, 0); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("giving process %d real-time priority: %w", pid, err)
			}
		}
	}
	return nil
}
