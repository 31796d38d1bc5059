package analysis

import (
	"slices"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// spoken are the protocols of the streams that lost requests. How a server tells its clients
// to let go of a connection is the protocol's: by a header in HTTP/1.1 (RFC 9112, section
// 9.6), which HTTP/2 forbids (RFC 9113, section 8.2.2) and has GOAWAY for (section 6.8).
type spoken struct{ http1, http2, grpc bool }

// spokenIn are those of the streams.
func spokenIn(streams []check.Stream) spoken {
	var all spoken
	for _, s := range streams {
		switch {
		case s.Kind == check.GRPCCalls:
			all.grpc = true
		case s.Protocol == check.HTTP2, s.Protocol == check.H2C:
			all.http2 = true
		default:
			all.http1 = true
		}
	}
	return all
}

// multiplexed tells that nothing but HTTP/2 was spoken, be it by gRPC.
func (s spoken) multiplexed() bool { return !s.http1 && (s.http2 || s.grpc) }

// onlyGRPC tells that all that was lost were calls of gRPC.
func (s spoken) onlyGRPC() bool { return s.grpc && !s.http1 && !s.http2 }

// farewell is what has clients let go of a connection.
func (s spoken) farewell() string {
	switch {
	case s.multiplexed():
		return "a GOAWAY"
	case s.http2 || s.grpc:
		return `"Connection: close" (over HTTP/2: a GOAWAY)`
	default:
		return `"Connection: close"`
	}
}

// lettingGo says what a program does to have its clients let go of a connection.
func (s spoken) lettingGo() string {
	if s.multiplexed() {
		return "send " + s.farewell()
	}
	return "answer with " + s.farewell()
}

// hasTo says so where a server may be known by name.
func (s spoken) hasTo() string {
	if s.multiplexed() {
		return s.lettingGo()
	}
	return s.lettingGo() + " (in Node, besides server.close())"
}

// grpcStops is what the libraries' own documentation says of an end in good order.
const grpcStops = "in Go GracefulStop, in Java shutdown and then awaitTermination, in Node.js tryShutdown, in Python stop(grace) and then wait for the event that it gives"

// grpcWords say what a server of gRPC has to do because of the cause; empty where no call of
// gRPC was lost, or where its libraries have nothing for it.
func (s spoken) grpcWords(cause report.Cause) string {
	if !s.grpc {
		return ""
	}
	switch cause {
	case report.NoDrain, report.SigtermIgnored, report.ErrorsWhileDraining:
		return " A server of gRPC first has its health service say NOT_SERVING, and then stops in good order: " + grpcStops + ". That sends GOAWAY, and lets the calls under way end."
	case report.ListenerClosedEarly:
		return " A server of gRPC closes its port as soon as it is told to stop in good order (" + grpcStops + "): it must not be told before the pod has left rotation."
	case report.KeepaliveCut:
		return " A server of gRPC stops in good order: " + grpcStops + ". Where it has a maximum age of connections (MaxConnectionAge), what that leaves to calls under way (MaxConnectionAgeGrace) has to be more than the longest takes."
	case report.KeepaliveOutlastsGrace:
		return " A server of gRPC stops in good order (" + grpcStops + "), with a bound where calls may not end: after some seconds Stop in Go, shutdownNow in Java, forceShutdown in Node.js. " +
			"A maximum age of connections (MaxConnectionAge, with MaxConnectionAgeGrace for the calls under way) has clients let go of them before."
	default:
		return ""
	}
}

// grpcWords are those of the protocol where the fix is about a server of gRPC. They are not
// where the container that serves has done nothing wrong, so that another one has to change,
// and where a server that hands calls on is known by its name, which has settings of its own.
func (m *measured) grpcWords(cause report.Cause) string {
	if last := m.change.last; last != nil && last.own == "" || slices.Contains(passOn, m.server(cause).name) {
		return ""
	}
	return m.spoken.grpcWords(cause)
}

// grpcServers is the section of docs/recipes.md on the libraries of gRPC.
const grpcServers = report.RecipesURL + "#grpc-servers"

// passOn are the servers that hand on calls of gRPC as well as other requests: the settings by
// which they end in good order are the same for both.
var passOn = []string{"nginx", "apache", "haproxy", "caddy"}
