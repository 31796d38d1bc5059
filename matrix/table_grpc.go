package matrix

import (
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/shutdowncheck/shutdowncheck/check"
	"github.com/shutdowncheck/shutdowncheck/report"
)

// grpcPort is where the sample services speak gRPC.
const grpcPort = 9090

// calls is a stream of calls that the sample service answers after its handler's time.
func calls(connections check.Connections, rate float64) check.Stream {
	s := check.Stream{
		Name: "calls-" + string(connections), Kind: check.GRPCCalls, Rate: rate, Connections: connections,
		URL: fmt.Sprintf(":%d", grpcPort), Timeout: check.Duration(10 * time.Second),
		GRPC: &check.GRPC{Method: "grpc.testing.TestService/UnaryCall"},
	}
	if connections == check.Reused {
		s.Pool = 32
	}
	return s
}

// speaksGRPC has the sample service listen for it.
func speaksGRPC(d *appsv1.Deployment) {
	env("VICTIM_GRPC_ADDR", fmt.Sprintf(":%d", grpcPort))(d)
	container(d).Ports = append(container(d).Ports, corev1.ContainerPort{Name: "grpc", ContainerPort: grpcPort})
}

// callsGRPC tells whether a stream of the row does.
func (r *Row) callsGRPC() bool {
	return slices.ContainsFunc(r.Streams, func(s check.Stream) bool { return s.Kind == check.GRPCCalls })
}

// grpcRows are the ends of the other rows as calls of gRPC meet them.
func grpcRows() []Row {
	both := []check.Stream{calls(check.New, 40), calls(check.Reused, 40)}
	row := func(name, base string, streams []check.Stream, want Want, edits ...Edit) Row {
		return Row{Name: "gRPC: " + name, Base: base, Streams: streams, Disruption: restart, Want: want, Edits: append([]Edit{speaksGRPC}, edits...)}
	}
	// A call of 20 s is under way at the kill, which GracefulStop without a bound waits for.
	long := row("kept until the kill", "graceful", []check.Stream{patient(calls(check.New, 3), 30*time.Second)}, fails(report.GraceTooShort),
		env("VICTIM_HANDLER_TIME", "20s"), acceptsFor(3), preStop(0), grace(10))
	long.Baseline = 21 * time.Second
	return []Row{
		row("graceful", "graceful", both, passes()),
		// The preStop sleep keeps its closed door out of sight.
		row("exits at SIGTERM", "careless", both, fails(report.NoDrain), env("VICTIM_HANDLER_TIME", "500ms"), preStop(3)),
		row("UNAVAILABLE from SIGTERM on", "graceful", both, fails(report.ErrorsWhileDraining), env("VICTIM_SIGTERM_STATUS", "503"), preStop(0)),
		row("closes kept connections", "graceful", both, fails(report.KeepaliveCut), env("VICTIM_KEEPALIVE", "cut")),
		long,
	}
}
