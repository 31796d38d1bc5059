// Package attack sends a check's streams and tells what became of each request.
//
//	stream, err := attack.New(attack.Config{
//		Stream: spec.Streams[0], // a check that has its defaults
//		Target: spec.Target,
//		Now:    clock,
//		Sink:   func(s recording.Sample) { writer.Sample(s) },
//	})
//	if err != nil {
//		return err
//	}
//	end, err := stream.Run(ctx) // sends until ctx ends, then waits for what is in flight
//
// vegeta's Attacker drives a stream: it asks our pacer when the next request
// is due and hands it to a worker. Under vegeta sits a carrier of our own for each
// protocol. That of HTTP/1.1 dials, writes and reads in the worker's goroutine.
// Nothing is replayed, followed or pooled behind our back, so the step at which a
// request failed is the step that the code was at. HTTP/2 is spoken by a library,
// on connections that are ours in the same way.
package attack
