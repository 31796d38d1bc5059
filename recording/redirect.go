package recording

import "net/http"

// Redirect tells whether the request was answered by being sent on to another URL (RFC
// 9110, 15.4), by somebody who named no pod. Such an answer is routinely made without the
// origin: an ingress makes it of the scheme (ingress-nginx's ssl-redirect, on by default
// where TLS is set), a proxy that authenticates of the missing login. So it is no evidence
// that a pod was asked. 300 and 304 are not meant: neither sends on by itself.
func (s *Sample) Redirect() bool {
	if s.Outcome != OK || s.Pod != "" {
		return false
	}
	switch s.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	default:
		return false
	}
}
