package check

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// ExpectBody is what the body of each answer has to hold to count as one. One of
// Contains and Matches is set.
type ExpectBody struct {
	// Contains is a text that stands in it as it is.
	Contains string `json:"contains,omitempty"`
	// Matches is a regular expression (RE2) that fits some part of it, and no empty body.
	Matches string `json:"matches,omitempty"`
}

// ExpectBodyBytes is how much of a body is looked at, from its beginning: what follows is
// read and not kept.
const ExpectBodyBytes = 64 << 10

// bodiless are the statuses of answers without a body (RFC 9110, sections 15.3.5 and
// 15.4.5); so is the answer to a HEAD.
var bodiless = []int{http.StatusNoContent, http.StatusNotModified}

func (s Stream) validateExpectBody(at string, p *problems) {
	expected := s.ExpectBody
	switch {
	case expected == nil:
		return
	case (expected.Contains == "") == (expected.Matches == ""):
		p.add(at, "want contains or matches, one of them")
		return
	case len(expected.Contains) > ExpectBodyBytes:
		p.add(at+".contains", "%d bytes; want at most %d, which is what is looked at of a body", len(expected.Contains), ExpectBodyBytes)
	}
	switch pattern, err := regexp.Compile(expected.Matches); {
	case err != nil:
		p.add(at+".matches", "%q is no regular expression (%s); want RE2, for example ^\\{", expected.Matches, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	case expected.Matches != "" && pattern.MatchString(""):
		p.add(at+".matches", "%q fits an empty body too; want a pattern that an empty body does not fit", expected.Matches)
	}
	if s.Targets == nil && s.Method == http.MethodHead {
		p.add(at, "the answer to a HEAD has no body; want another method")
	}
	if len(s.ExpectStatus) > 0 && !slices.ContainsFunc(s.ExpectStatus, func(status int) bool { return !slices.Contains(bodiless, status) }) {
		p.add(at, "answers of status 204 and 304 have no body, and expectStatus has no other; want another status there")
	}
}
