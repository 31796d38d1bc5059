// Package experiment runs one check: it looks before it touches anything
// (preflight), sends the load, watches the undisturbed service (baseline),
// carries out each disruption and lets it settle, puts everything back, and
// leaves a recording. What the recording means is the report's business.
//
//	err := experiment.Run(ctx, experiment.Config{
//		Check: c, Observe: client, Act: client, Namespace: "shop",
//		ID: "run-1", Dir: "recording", Now: experiment.NewClock(),
//	})
//	if errors.Is(err, experiment.ErrInterrupted) { ... }                     // put back, recorded until then
//	if _, left := errors.AsType[*experiment.RestoreError](err); left { ... } // left changed
//
// Where the check says so, pods in the cluster send the load, and the run conducts them.
//
// [Plan] tells what a run would do, [Rights] what it has to be allowed.
package experiment
