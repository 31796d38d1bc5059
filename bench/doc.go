// Package bench measures what the engine costs, beside the vegeta command and wrk,
// on loopback and in one run. Clients and server are processes of their own, so
// that the kernel tells the processor time and the memory of each.
package bench
