// Package victim is a small HTTP service that shuts down well, or badly in each
// way that is known to lose requests. It is what the checks are tried on: its
// log is an independent witness of what was really cut.
//
// Paths: / works for VICTIM_HANDLER_TIME; /slow?for=DURATION works for that
// long, at most 5m; /stream?for=DURATION answers for that long, at most 5m, with a
// part every 100ms; /healthz is for liveness, /readyz for readiness probes.
// The first three are called work below, the others probes.
//
// It speaks HTTP/1.1 and, to clients that begin with it, HTTP/2 without TLS (h2c).
// A connection of HTTP/2 is reused by all that it carries. Its end is announced
// with GOAWAY, and a drain waits until it has ended.
//
// With VICTIM_GRPC_ADDR it also speaks gRPC without TLS, on a port of its own: gRPC's
// own grpc.testing.TestService, of which EmptyCall and UnaryCall work for
// VICTIM_HANDLER_TIME, StreamingOutputCall and FullDuplexCall send a message of size
// bytes intervalUs after the one before for each of the responseParameters; it gives
// back the payload where no size is asked for. That is work, too. Probes are
// grpc.health.v1.Health, which says SERVING where /readyz says 200, and the server
// reflection (v1). What the variables say of HTTP holds for gRPC: an HTTP status stands
// for that of gRPC which its clients make of it (503 is UNAVAILABLE), and the GOAWAY is
// sent when the listener is closed, as GracefulStop does both.
//
// The defaults describe a service that behaves. Durations are Go durations,
// sizes are bytes with an optional Ki, Mi or Gi. Unknown variables that begin
// with VICTIM_ and unusable values are refused, except for the variables that
// Kubernetes itself injects for a Service whose name begins with "victim".
//
//	variable                     default   meaning
//	VICTIM_ADDR                  :8080     address to listen on
//	VICTIM_GRPC_ADDR             (none)    address to listen on for gRPC, such as :9090
//	VICTIM_HANDLER_TIME          0s        how long / works before it answers
//	VICTIM_STATUS                200       status that / answers
//	VICTIM_WORKERS               0         requests served at once, probes among them, the others wait; 0 is no limit
//	VICTIM_ALLOC_PER_REQUEST     0         memory that each piece of work takes and never gives back
//	VICTIM_EXIT_AFTER_REQUESTS   0         the piece of work after this many ends the process, unanswered; 0 is never
//	VICTIM_START_DELAY           0s        time from start until it can serve
//	VICTIM_START_MODE            closed    before that: closed = it does not listen; ready = it listens, /readyz says 200 and work is answered 503
//	VICTIM_NEVER_READY           false     /readyz is always 503
//	VICTIM_READY_FILE            (none)    /readyz is 503 while this file is missing
//	VICTIM_ON_SIGTERM            drain     drain = stop accepting, answer what is in flight, exit 0; exit = leave, cutting what is in flight; ignore = nothing changes, whatever the defaults of the others; values to the contrary are refused
//	VICTIM_EXIT_SHARE            0         share of processes, each of which draws as it starts, that leave at SIGTERM as with exit, whatever VICTIM_ON_SIGTERM says
//	VICTIM_SIGTERM_DELAY         0s        time from SIGTERM until drain closes the listener, or exit leaves
//	VICTIM_EXIT_CODE             2         exit code where it leaves without draining; Go's runtime as PID 1 without a handler, and a panic, both give 2
//	VICTIM_KEEPALIVE             announce  reused connections from SIGTERM on: announce = answers say "Connection: close" (HTTP/2: GOAWAY, idle ones at once); keep = served as before until it exits; close = closed at once if idle, else after the answer (HTTP/2: kept), without a word; cut = closed when the next request comes, as if that had crossed the close on its way
//	VICTIM_SIGTERM_UNREADY       true      /readyz is 503 from SIGTERM on
//	VICTIM_SIGTERM_STATUS        (none)    status of every answer from SIGTERM on, probes included
//	VICTIM_LOG_DIR               (none)    folder for a second copy of the log, in <pod>.jsonl, appended
//	VICTIM_LOG_REQUESTS          false     also log the start and end of each request
//	POD_NAME                     (none)    the pod's name: sent as X-Pod-Name and used in the log, where the host name stands in for it
package victim
