// Package experiment runs one check: it looks before it touches anything
// (preflight), sends the load, watches the undisturbed service (baseline),
// carries out each disruption and lets it settle, puts everything back, and
// leaves a recording. What the recording means is the report's business.
package experiment
