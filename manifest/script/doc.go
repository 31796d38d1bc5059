// Package script judges the commands and shell scripts of manifests without running
// them: what becomes of the shell that a container starts with, and how long a hook
// sleeps and what it quits. What it cannot tell it calls unknown.
//
//	first := script.First([]string{"sh", "-c", "migrate && exec ./app"}, script.Context{})
//	hook := script.Run([]string{"sh", "-c", "sleep 5; nginx -s quit"}, script.Context{})
//
// What it says of shells was measured with dash 0.5.12, bash 5.2 and busybox 1.35.
package script
