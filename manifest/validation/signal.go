package validation

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// stopSignal is core/validation's validateStopSignal (KEP-4960). Where the feature gate is
// off, as it is by default up to 1.37, the field is dropped (pkg/api/pod,
// dropContainerStopSignals). That a pod without spec.os.name may have none is not told here.
func (p *pod) stopSignal(at string, signal corev1.Signal) {
	if p.os == nil {
		return
	}
	fix := "Want the name of a signal in capitals and with SIG, such as SIGTERM or SIGQUIT."
	switch {
	case p.os.Name == corev1.Windows && signal != corev1.SIGKILL && signal != corev1.SIGTERM:
		fix = "Want SIGTERM for a pod of Windows, or leave it out."
	case p.os.Name == corev1.Linux && !slices.Contains(linuxSignals, signal):
	default:
		return
	}
	p.add(at, fmt.Sprintf("stopSignal is %q, and os.name %s", signal, p.os.Name), fix)
	(*p.list)[len(*p.list)-1].Gate = "ContainerStopSignals"
}

// linuxSignals are core/validation's supportedStopSignalsLinux.
var linuxSignals = func() (all []corev1.Signal) {
	for name := range strings.FieldsSeq("ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX") {
		all = append(all, corev1.Signal("SIG"+name))
	}
	for n := 1; n <= 15; n++ {
		all = append(all, corev1.Signal(fmt.Sprintf("SIGRTMIN+%d", n)))
	}
	for n := 1; n <= 14; n++ {
		all = append(all, corev1.Signal(fmt.Sprintf("SIGRTMAX-%d", n)))
	}
	return all
}()
