// Package tune finds the smallest safe settings of a workload's end, preStop sleep and
// terminationGracePeriodSeconds, by measuring them:
//
//	result, err := tune.Tune(ctx, tune.Config{Experiment: cfg, LongestSleep: 30 * time.Second, LongestDrain: time.Minute})
//
// It brings runs (package experiment) and what their reports say (package report/analysis)
// together. What belongs here: in which settings the runs are made and in which order, what
// is computed from their reports, and what cannot be tuned in a manifest. How settings are
// rolled out and put back is package chaos's part, why a request failed the report's, and
// flags and folders the program's.
package tune
