// Package realtime lets the process that sends run before all others, where a test takes
// it for granted that requests go out in time, however much runs beside it on the same
// processors. Measured with two rows of the field at once on two processors, the latest
// hundredth was 20 to 125 ms late without, and 1 to 2 ms with it.
package realtime
