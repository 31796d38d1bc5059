package validation

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
)

// notNegative checks a number that may be left out (core/validation,
// ValidateNonnegativeField).
func notNegative[N int32 | int64](l *list, field string, n *N) bool {
	if n == nil || *n >= 0 {
		return true
	}
	l.add(field, fmt.Sprintf("%s is %d", name(field), *n), "Want 0 or more.")
	return false
}

// pods checks a number of pods or a percentage of them (apps/validation,
// ValidatePositiveIntOrPercent).
func (l *list) pods(field string, n *intstr.IntOrString) bool {
	switch {
	case n == nil:
		return true
	case n.Type == intstr.Int:
		return notNegative(l, field, &n.IntVal)
	case len(validation.IsValidPercent(n.StrVal)) > 0:
		fix := "Want a whole number of pods, or a whole number with % in quotes, such as \"25%\"."
		if _, err := strconv.Atoi(n.StrVal); err == nil {
			fix = fmt.Sprintf("A text must be a percentage: write %s without quotes for a number of pods, or \"%s%%\".", n.StrVal, n.StrVal)
		}
		l.add(field, fmt.Sprintf("%s is the text %q", name(field), n.StrVal), fix)
		return false
	default:
		return true
	}
}

// atMostAll checks that a percentage is of no more than all pods (apps/validation,
// IsNotMoreThan100Percent).
func (l *list) atMostAll(field string, n *intstr.IntOrString) {
	if n != nil && n.Type == intstr.String && len(validation.IsValidPercent(n.StrVal)) == 0 && value(n) > 100 {
		l.add(field, fmt.Sprintf("%s is %s", name(field), n.StrVal), "Want 100% or less.")
	}
}

// value is the number before the sign, so that 1% of few pods is not 0 (apps/validation,
// getIntOrPercentValue).
func value(n *intstr.IntOrString) int {
	if n.Type == intstr.Int {
		return int(n.IntVal)
	}
	number, _ := strconv.Atoi(strings.TrimSuffix(n.StrVal, "%")) // what is none has been told
	return number
}

// portNumber checks the number of a port.
func (l *list) portNumber(field string, n int32) {
	if len(validation.IsValidPortNum(int(n))) > 0 {
		why := fmt.Sprintf("%s is %d", name(field), n)
		if n == 0 {
			why = name(field) + " is 0 or missing"
		}
		l.add(field, why, "Want 1 to 65535.")
	}
}

// portName checks the name of a container's port (RFC 6335; validation.IsValidPortName).
func (l *list) portName(field, text string) bool {
	if len(validation.IsValidPortName(text)) == 0 {
		return true
	}
	fix := "Want 15 characters or fewer of a to z, 0 to 9 and -, at least one letter among them, and no - at an end or beside another."
	if _, err := strconv.Atoi(text); err == nil {
		fix = fmt.Sprintf("A text is the name of a port and holds a letter: write %s without quotes for a number.", text)
		if strings.HasSuffix(field, ".name") {
			fix = "The name of a port holds a letter, such as http."
		}
	}
	l.add(field, fmt.Sprintf("%s is the text %q", name(field), text), fix)
	return false
}

// port checks a port by number or name (core/validation, ValidatePortNumOrName).
func (l *list) port(field string, p intstr.IntOrString) {
	if p.Type == intstr.Int {
		l.portNumber(field, p.IntVal)
	} else {
		l.portName(field, p.StrVal)
	}
}
