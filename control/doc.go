// Package control puts a known-bad service into the cluster: pods of this
// tool's own image that leave on SIGTERM with requests in flight. A run that
// does not catch it would not have caught the workload either.
package control
