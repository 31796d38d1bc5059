package lint

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// knownFields are the fields of one kind of object.
type knownFields struct {
	root reflect.Type
	// all are their paths (see paths).
	all []string
}

// knownTo finds them once for a kind: they are some thousands.
func (f *found) knownTo(t reflect.Type) knownFields {
	k, done := f.known[t]
	if !done {
		k = knownFields{root: t}
		k.all = k.paths()
		if f.known == nil {
			f.known = map[reflect.Type]knownFields{}
		}
		f.known[t] = k
	}
	return k
}

// newest is the version of Kubernetes whose fields are known: that of k8s.io/api.
const newest = "1.37"

// unknown says what is wrong with a field that the kind has not. Where it is
// one that is known, misspelt or in another place, it certainly has no effect;
// otherwise a newer version may know it.
func (k knownFields) unknown(path string) breach {
	parent, name := k.split(path)
	where := parent
	if where == "" {
		where = "the top"
	}
	b := breach{severity: Note, field: path}
	dropped := "kubectl refuses the object; where it is applied without that check, the field is dropped and has no effect"
	meant, misspelt := k.meant(parent, name)
	if meant == "" {
		b.why = fmt.Sprintf("Kubernetes %s knows no field %s at %s: %s.", newest, name, where, dropped)
		b.fix = "Take it out, unless a newer version knows it."
		return b
	}
	b.meant = true
	if bearsOnShutdown(meant) {
		b.severity = Warning
	}
	b.why = fmt.Sprintf("There is no field %s at %s: %s.", name, where, dropped)
	b.fix = fmt.Sprintf("Move it to %s.", meant)
	if misspelt {
		b.fix = fmt.Sprintf("Write %s.", last(meant))
		if at, _ := split(meant); at != anyIndex.ReplaceAllString(parent, "[]") {
			b.fix = fmt.Sprintf("Write %s, and move it to %s.", last(meant), meant)
		}
	}
	return b
}

// bearing are the fields that decide how pods end, start and are replaced. What
// stands below them counts too.
var bearing = []string{
	"replicas", "minReplicas", "minReadySeconds", "strategy", "updateStrategy", "podManagementPolicy",
	"terminationGracePeriodSeconds", "lifecycle", "readinessProbe", "livenessProbe", "startupProbe",
	"shareProcessNamespace", "readinessGates", "restartPolicy", "command", "args", "containerPort", "targetPort", "selector",
	"publishNotReadyAddresses", "externalTrafficPolicy", "maxUnavailable", "minAvailable",
}

// bearsOnShutdown tells whether a field decides how pods end, start or are replaced.
func bearsOnShutdown(path string) bool {
	for step := range strings.SplitSeq(path, ".") {
		step, _, _ = strings.Cut(step, "[")
		if slices.Contains(bearing, step) {
			return true
		}
	}
	return false
}

var anyIndex = regexp.MustCompile(`\[\d+\]`)

// split takes an unknown field, which can have dots in its name, off its path.
func (k knownFields) split(path string) (parent, name string) {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '.' && slices.Contains(k.all, strings.TrimSuffix(anyIndex.ReplaceAllString(path[:i], "[]"), "[]")) {
			return path[:i], path[i+1:]
		}
	}
	return "", path
}

// split takes the last step off a path of known fields.
func split(path string) (parent, name string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

func last(path string) string {
	_, name := split(path)
	return name
}

// meant is the field that is probably meant: of those beside it one that is
// spelt alike, or else the nearest one of that very name, or one that differs
// from it in case. Its path has [] for the items of a list.
func (k knownFields) meant(parent, name string) (path string, misspelt bool) {
	parent = anyIndex.ReplaceAllString(parent, "[]")
	all := k.all
	nearest := 3
	for _, p := range all {
		if at, known := split(p); at == parent {
			if d := distance(name, known); d < nearest {
				path, nearest = p, d
			}
		}
	}
	if path != "" {
		return path, true
	}
	// A LabelSelector is not a service's selector.
	if labels := parent + ".matchLabels"; slices.Contains(all, labels) {
		return labels, false
	}
	nearest = math.MaxInt
	for _, p := range all {
		at, known := split(p)
		way := steps(parent, at)
		if known == name && way < nearest && (worthMoving(name) || way == 1 && bearsOnShutdown(parent)) {
			path, nearest = p, way
		}
	}
	if path != "" {
		return path, false
	}
	for _, p := range all {
		if strings.EqualFold(last(p), name) && worthMoving(last(p)) {
			return p, true
		}
	}
	return "", false
}

// steps is how far two places in an object are from each other: up and down again.
func steps(a, b string) int {
	from, to := strings.Split(a, "."), strings.Split(b, ".")
	for len(from) > 0 && len(to) > 0 && from[0] == to[0] {
		from, to = from[1:], to[1:]
	}
	return len(from) + len(to)
}

// worthMoving tells whether a name means the same wherever it stands: name,
// type or key would fit in many places.
func worthMoving(name string) bool {
	return len(name) > 6 || slices.Contains(bearing, name) || slices.Contains([]string{"ports", "image", "env"}, name)
}

// distance tells how unlike two names are: 0 if they differ in case alone, 1 if
// one is the greater part of the other, else 1 and 2 for so many letters to
// insert, take out or change in names long enough; more is too much.
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if a == b {
		return 0
	}
	shorter, longer := a, b
	if len(shorter) > len(longer) {
		shorter, longer = longer, shorter
	}
	if len(shorter) >= 7 && strings.Contains(longer, shorter) {
		return 1
	}
	d := levenshtein(a, b)
	if d > 2 || len(shorter) < 4*d {
		return 3
	}
	return d
}

func levenshtein(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// paths are those of the kind's fields, those nearer to the top first. Init and
// ephemeral containers, which have the fields of containers, come last, as does
// postStart beside preStop.
func (k knownFields) paths() []string {
	type level struct {
		t    reflect.Type
		path string
		on   []reflect.Type
	}
	var paths, late []string
	for queue := []level{{t: k.root}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for name, t := range fieldsOf(at.t) {
			path := strings.TrimPrefix(at.path+"."+name, ".")
			to := &paths
			if strings.Contains(path, "initContainers") || strings.Contains(path, "ephemeralContainers") || strings.Contains(path, "postStart") || strings.HasPrefix(path, "status") {
				to = &late
			}
			*to = append(*to, path)
			for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
				if t.Kind() == reflect.Slice {
					path += "[]"
				}
				t = t.Elem()
			}
			if t.Kind() == reflect.Struct && !slices.Contains(at.on, t) {
				queue = append(queue, level{t, path, append(slices.Clip(at.on), t)})
			}
		}
	}
	return append(paths, late...)
}

// fieldsOf are a struct's fields by their names in JSON, in their order.
func fieldsOf(t reflect.Type) func(yield func(string, reflect.Type) bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return func(yield func(string, reflect.Type) bool) {
		if t.Kind() != reflect.Struct {
			return
		}
		for field := range t.Fields() {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "" && (field.Anonymous || strings.Contains(options, "inline")) {
				for name, t := range fieldsOf(field.Type) {
					if !yield(name, t) {
						return
					}
				}
				continue
			}
			if name != "" && name != "-" && !yield(name, field.Type) {
				return
			}
		}
	}
}
