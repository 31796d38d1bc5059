package realtime

import (
	"os"

	"github.com/shutdowncheck/shutdowncheck/internal/procfs"
)

// ScheduleContainer does so with the first process of a container, by its id, where the
// nodes are containers of this machine.
func ScheduleContainer(id string) error {
	pid, err := procfs.FirstProcess(os.DirFS("/proc"), id)
	if err != nil {
		return err
	}
	return Schedule(pid)
}
