package victim

import "regexp"

var (
	linkToService = regexp.MustCompile(`_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$`)
	linkToPort    = regexp.MustCompile(`_PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$`)
	portURL       = regexp.MustCompile(`^(tcp|udp|sctp)://`)
)

// isServiceLink tells whether Kubernetes made the variable, for a Service whose
// name begins with "victim" in the pod's namespace. VICTIM_PORT is told from a
// user's mistake by its value, which is an URL.
func isServiceLink(name, value string) bool {
	if linkToService.MatchString(name) {
		return true
	}
	m := linkToPort.FindStringSubmatch(name)
	return m != nil && (m[1] != "" || portURL.MatchString(value))
}
