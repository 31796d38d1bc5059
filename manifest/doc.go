// Package manifest tells what a pod template says about how its pods end. Whoever
// looks at a template, in a file or in a cluster, reads it here, so that all read
// the same:
//
//	hook := manifest.PreStop(&pod.Spec.Containers[0])
//	if sleep, known := manifest.PreStopSleep(hook); known && sleep < 2*time.Second {
//		fmt.Println("SIGTERM comes before the proxies have stopped sending")
//	}
package manifest
