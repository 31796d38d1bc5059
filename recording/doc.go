// Package recording holds everything one run saw: the check, each request, what
// the cluster did, what was done to it. It is the only thing the producers
// (attack, timeline, chaos) and the report have in common.
//
// A recording is a folder. It is written so that a killed run loses at most its
// last few seconds, and a report is a pure function of it:
//
//	run.json               what was run, and against what (Header)
//	samples-000001.parquet one row per request; a new segment every few seconds
//	segments.jsonl         each closed segment with its length and checksum
//	events.jsonl           what the watches saw (Event)
//	actions.jsonl          what the run itself did (Action)
//	end.json               how the run ended (Ending); missing after a crash
//
// # Samples
//
// The segments are plain Parquet, for any tool that reads it. A row is a request
// (Sample says more of each column). A segment holds those of one sender that ended
// in its time, stream by stream in the order of seq. The segments of each sender are in
// their order; those of several senders come as they arrived.
//
//	stream             text   the stream's name; of a probe of an ending pod's own
//	                          address (the window) "window/" and the pod's UID
//	sender             int32  index of the sender in run.json; 0 where the program
//	                          itself sent
//	seq                int64  number of the request in its stream, from 0
//	scheduled_unix_ns  int64  when it was due: nanoseconds since 1970, UTC
//	sent_us            int64  microseconds from then until a worker took it up,
//	resolved_us        int64  ... the service's name was looked up for it,
//	acquired_us        int64  ... it had a connection,
//	written_us         int64  ... it was written,
//	first_byte_us      int64  ... the first byte of the answer came,
//	end_us             int64  ... it was answered to the last byte, or failed: its
//	                          latency. -1 in resolved_us, acquired_us, written_us
//	                          and first_byte_us: it never came to that, as to a
//	                          lookup on a kept connection or of an address
//	lookup_us          int64  how long the lookup took, also one that failed; 0 for
//	                          none
//	outcome            text   ok, failed, client or unfinished
//	phase, class       text   the step at which it failed and the kind of failure;
//	                          empty if it is ok
//	error              text   the failure in words
//	status             int32  the HTTP status, 0 if no header was read
//	bytes_out          int64  length of the request's body; 0 unless all of it was
//	                          written
//	bytes_in           int64  bytes of the answer's body that were read
//	conn               int64  number of the connection in its stream, over all
//	                          senders, from 1; 0 for none
//	served             int32  how many requests that had carried before
//	local_port         int32  the client's port, where known also of a dial that
//	                          failed; else 0
//	remote_addr        text   the address that was dialled, with its port
//	pod                text   the pod that the answer named
//	conn_pod           text   the pod that had last answered on the connection
//	maskable           bool   a common client would have sent it again without
//	                          telling
//
// Texts are empty where nothing is known. Segments of version 1 have sent_ns to
// end_ns instead, in nanoseconds. Those of older tools have no sender, no bytes_out, or
// no resolved_us and lookup_us.
package recording
