// Package matrix proves on a real cluster that the tool sees what it claims to
// see: services that lose requests each in a way of its own, and some that lose
// none, are checked by the tool inside the cluster, and its verdicts and causes
// are compared with those that the rows of one table expect.
//
// The servers of the field (FieldRows) are a table of their own, of what nobody
// here wrote.
//
// The services' own logs tell which pod had the connection of a lost request.
// The package witness compares that with the pods that the reports name.
package matrix
