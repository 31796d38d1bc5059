// Package lint finds in manifests what would cost requests when pods end: the
// knowledge of the load test without its load. It reads objects, judges them by
// a table of rules and writes what they found; it never asks a cluster.
package lint
