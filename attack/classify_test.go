package attack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/recording"
)

func TestClassify(t *testing.T) {
	call := func(errno syscall.Errno) error {
		return &net.OpError{Op: "call", Err: os.NewSyscallError("call", errno)}
	}
	for _, tt := range []struct {
		phase recording.Phase
		err   error
		want  recording.Class
	}{
		{recording.PhaseResolve, &net.DNSError{IsNotFound: true}, recording.ClassResolve},
		{recording.PhaseResolve, context.DeadlineExceeded, recording.ClassResolve},
		{recording.PhaseDial, call(syscall.ECONNREFUSED), recording.ClassRefused},
		{recording.PhaseDial, call(syscall.EHOSTUNREACH), recording.ClassUnreachable},
		{recording.PhaseDial, call(syscall.ENETUNREACH), recording.ClassUnreachable},
		{recording.PhaseDial, call(syscall.EADDRNOTAVAIL), recording.ClassPorts},
		{recording.PhaseDial, call(syscall.EMFILE), recording.ClassDescriptors},
		{recording.PhaseDial, call(syscall.ENFILE), recording.ClassDescriptors},
		{recording.PhaseDial, call(syscall.ETIMEDOUT), recording.ClassTimeout},
		{recording.PhaseDial, context.DeadlineExceeded, recording.ClassTimeout},
		{recording.PhaseDial, errors.New("?"), recording.ClassOther},
		{recording.PhaseTLS, io.EOF, recording.ClassEOF},
		{recording.PhaseTLS, call(syscall.ECONNRESET), recording.ClassReset},
		{recording.PhaseTLS, os.ErrDeadlineExceeded, recording.ClassTimeout},
		{recording.PhaseTLS, tls.RecordHeaderError{}, recording.ClassTLS},
		{recording.PhaseTLS, &tls.CertificateVerificationError{Err: errors.New("?")}, recording.ClassTLS},
		{recording.PhaseWrite, call(syscall.EPIPE), recording.ClassReset},
		{recording.PhaseWrite, call(syscall.ECONNRESET), recording.ClassReset},
		{recording.PhaseFirstByte, io.EOF, recording.ClassEOF},
		{recording.PhaseFirstByte, io.ErrUnexpectedEOF, recording.ClassEOF},
		{recording.PhaseFirstByte, call(syscall.EHOSTUNREACH), recording.ClassUnreachable},
		{recording.PhaseFirstByte, &net.OpError{Op: "remote error", Err: errors.New("?")}, recording.ClassTLS},
		{recording.PhaseHeader, io.ErrUnexpectedEOF, recording.ClassEOF},
		{recording.PhaseHeader, errTooManyInformational, recording.ClassMalformed},
		{recording.PhaseBody, io.ErrUnexpectedEOF, recording.ClassBodyCut},
		{recording.PhaseBody, io.EOF, recording.ClassBodyCut},
		{recording.PhaseBody, os.ErrDeadlineExceeded, recording.ClassTimeout},
		{recording.PhaseBody, call(syscall.ECONNRESET), recording.ClassReset},
		{recording.PhaseBody, errors.New("?"), recording.ClassMalformed},
	} {
		for _, err := range []error{tt.err, fmt.Errorf("wrapped: %w", tt.err)} {
			if got := classify(tt.phase, err); got != tt.want {
				t.Errorf("%s, %v: %s, want %s", tt.phase, err, got, tt.want)
			}
		}
	}
}
