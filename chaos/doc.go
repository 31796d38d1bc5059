// Package chaos does the disruptions of a check to a workload through the
// Kubernetes API, and undoes them.
//
//	w, err := chaos.Open(ctx, client, namespace, ref, now(), chaos.ByHand{}) // refused while another run holds it
//	lines, err := w.Plan(ctx, disruptions)                                  // what would be done; changes nothing
//	d := &chaos.Driver{Workload: w, Run: id, Record: record, Now: now}
//	defer d.Release(ctx) // puts back, and gives the workload free
//	err = d.Do(ctx, 0, disruptions[0])
//
// Whatever is changed is first written down twice: in the run's journal and in an
// annotation on the workload itself, so that [Left] finds it after a run that was
// killed, and [Leftover.PutBack] puts it back.
//
// A file's name says what idea it belongs to: preflight_ looks before anything is
// done, template_ changes the pod template, wait_ waits for what was begun, undo_ and
// leftover_ put back, and each kind of disruption has a file of its name.
package chaos
