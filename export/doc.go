// Package export writes a recording's samples in the formats of the vegeta
// command, so that vegeta report, vegeta plot and what else reads them can be
// used on a run.
//
// A stream is an attack, a sample is a result of it. What vegeta's fields mean
// here:
//
//	Attack     the stream's name
//	Seq        the sample's number in its stream
//	Timestamp  when the request was due, not when it went out
//	Latency    from then to the end, as in the report: a stall of the service
//	           that keeps later requests from being sent in time is not hidden
//	Code       the status of an answer that was read to its end; 0 for any other,
//	           as vegeta has it, so that a cut answer is no success to it
//	Error      never empty for a sample whose outcome is not ok
//	BytesOut   the length of the request's body, if all of it was written
//	BytesIn    the length of the answer's body, as far as it was read
//	Headers    the pod's header, where the answer named its pod; others are not
//	           recorded
//	Method,    the stream's, also where it sends a file of targets in turn
//	URL
//
// Body is empty, as none is recorded.
//
// vegeta calls every status from 200 to 399 a success. A check that expects
// others (expectStatus) is not known to it: there Error tells what failed, and
// the success ratio of vegeta report does not.
//
// Results stand in the order of the recording: in parts of some seconds, those of each
// sender apart, in each part stream by stream. vegeta needs no order: its own files are
// in that in which requests ended. Its plot puts them in the order of Seq by itself and
// draws nothing of an attack behind a Seq that is missing. None is missing in the
// recording of a run that came to its end, but at the very end if several senders sent:
// they do not stop at the same request. The last seconds of one that was killed may
// lack some, and so does all that a sender that was lost would have sent.
package export
