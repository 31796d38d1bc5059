package attack

import (
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

// protocolError is why a request failed, where its protocol itself says so.
type protocolError struct {
	class recording.Class
	// unprocessed tells that the service gave its word not to have looked at it
	// (RFC 9113, section 8.7): clients send such requests again without asking.
	unprocessed bool
	err         error
}

func (e *protocolError) Error() string { return e.err.Error() }
func (e *protocolError) Unwrap() error { return e.err }

// classify gives the class of a failure in a phase.
func classify(phase recording.Phase, err error) recording.Class {
	if protocol, ok := errors.AsType[*protocolError](err); ok {
		return protocol.class
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		switch portable(errno) {
		case syscall.EMFILE, syscall.ENFILE:
			return recording.ClassDescriptors
		case syscall.EADDRNOTAVAIL:
			return recording.ClassPorts
		case syscall.ECONNREFUSED:
			return recording.ClassRefused
		case syscall.ECONNRESET, syscall.EPIPE:
			return recording.ClassReset
		case syscall.EHOSTUNREACH, syscall.ENETUNREACH:
			return recording.ClassUnreachable
		}
	}
	if _, lookup := errors.AsType[*net.DNSError](err); lookup || phase == recording.PhaseResolve {
		return recording.ClassResolve
	}
	if isTimeout(err) {
		return recording.ClassTimeout
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		if phase == recording.PhaseBody {
			return recording.ClassBodyCut
		}
		return recording.ClassEOF
	}
	if phase == recording.PhaseTLS || isAlert(err) {
		return recording.ClassTLS
	}
	if phase == recording.PhaseHeader || phase == recording.PhaseBody || errors.Is(err, errMalformed) {
		// Whatever the connection does wrong is handled above, so this is
		// about the bytes it delivered.
		return recording.ClassMalformed
	}
	return recording.ClassOther
}

// isAlert recognises a TLS alert that ended an established connection.
// crypto/tls has no exported type for it but marks the operation.
func isAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "remote error" || op.Op == "local error")
}

func isTimeout(err error) bool {
	timed, ok := errors.AsType[net.Error](err)
	return ok && timed.Timeout()
}

// outcome tells whose fault a failure of this class is.
func outcome(class recording.Class) recording.Outcome {
	switch class {
	case recording.ClassResolve, recording.ClassPorts, recording.ClassDescriptors:
		return recording.ClientFault
	default:
		return recording.Failed
	}
}

// maskable tells whether a failure would have been replayed without telling by
// a common client; see recording.Sample.Maskable.
func maskable(m *message, sample *recording.Sample) bool {
	return m.replayable &&
		sample.Served > 0 &&
		sample.FirstByte == recording.NotReached &&
		sample.Class != recording.ClassTimeout &&
		sample.Outcome == recording.Failed
}

// unprocessed tells that the service has said so; see protocolError.
func unprocessed(err error) bool {
	protocol, ok := errors.AsType[*protocolError](err)
	return ok && protocol.unprocessed
}
