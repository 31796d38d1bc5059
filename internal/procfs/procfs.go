// Package procfs finds processes of containers by what /proc tells of them.
package procfs

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// FirstProcess gives the PID of a container's PID 1 in the PID namespace that
// proc, a mounted procfs, belongs to. id is the container's as its runtime
// knows it, without the runtime's name in front.
//
// A process belongs to the container if a path of its cgroups names the id:
// containerd and CRI-O do so with cgroup v1 and v2, with and without systemd
// (v2 shows the path relative to the reader's own cgroup, whose siblings still
// bear their names). It is the first one if it is 1 in its innermost PID
// namespace (NSpid, proc(5)). Namespaces that the container made itself lie
// deeper.
func FirstProcess(proc fs.FS, id string) (int, error) {
	members, err := Processes(proc, id)
	if err != nil {
		return 0, err
	}
	first, depth := 0, 0
	for _, pid := range members {
		status, err := fs.ReadFile(proc, strconv.Itoa(pid)+"/status")
		if err != nil {
			continue // it may have ended since
		}
		pids := namespacePIDs(string(status))
		if n := len(pids); n > 1 && pids[n-1] == "1" && (first == 0 || n < depth) {
			first, depth = pid, n
		}
	}
	if first == 0 {
		return 0, errors.New("no process of container " + id + " is PID 1 of a PID namespace")
	}
	return first, nil
}

// Processes gives the PIDs of all of a container's processes in that PID namespace, and an
// error where there is none.
func Processes(proc fs.FS, id string) ([]int, error) {
	folders, err := fs.ReadDir(proc, ".")
	if err != nil {
		return nil, fmt.Errorf("listing the processes: %w", err)
	}
	var members []int
	for _, folder := range folders {
		pid, err := strconv.Atoi(folder.Name())
		if err != nil {
			continue
		}
		cgroups, err := fs.ReadFile(proc, folder.Name()+"/cgroup")
		if err != nil || !inContainer(string(cgroups), id) {
			continue // a process may end while it is looked at
		}
		members = append(members, pid)
	}
	if len(members) == 0 {
		return nil, fmt.Errorf("no process of container %s runs here: it has ended, or its runtime hides its processes", id)
	}
	return members, nil
}

// inContainer tells whether one of the cgroups' paths names the container. A
// line is hierarchy:controllers:path (cgroups(7)).
func inContainer(cgroups, id string) bool {
	for line := range strings.Lines(cgroups) {
		if fields := strings.SplitN(line, ":", 3); len(fields) == 3 && strings.Contains(fields[2], id) {
			return true
		}
	}
	return false
}

// namespacePIDs gives a process's PIDs from the reader's PID namespace to its
// own.
func namespacePIDs(status string) []string {
	for line := range strings.Lines(status) {
		if pids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			return strings.Fields(pids)
		}
	}
	return nil
}
