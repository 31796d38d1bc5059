package lint

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// fieldErrors are what is wrong with the values of an object's fields.
type fieldErrors []fieldError

type fieldError struct{ field, problem string }

func (e fieldErrors) Error() string {
	var all []string
	for _, one := range e {
		all = append(all, one.Error())
	}
	return strings.Join(all, "; ")
}

func (e fieldError) Error() string {
	if e.field == "" {
		return e.problem
	}
	return e.field + ": " + e.problem
}

// wrongValues finds all values for which an object cannot be decoded into a type.
// encoding/json tells only the first, without the indices on its way, and of a
// quantity not even where it stands.
func wrongValues(object []byte, into any, err error) fieldErrors {
	var value any
	if jsonErr := json.Unmarshal(object, &value); jsonErr != nil {
		return fieldErrors{{"", jsonErr.Error()}}
	}
	var all fieldErrors
	compare(reflect.TypeOf(into), value, "", &all)
	if len(all) == 0 {
		all = fieldErrors{{"", err.Error()}}
	}
	return all
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

func compare(t reflect.Type, value any, path string, all *fieldErrors) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if value == nil || t.Kind() == reflect.Interface {
		return
	}
	fields, isMap := value.(map[string]any)
	items, isList := value.([]any)
	switch leaf := reflect.PointerTo(t).Implements(unmarshaler) || t == reflect.TypeFor[[]byte](); {
	case !leaf && t.Kind() == reflect.Struct && isMap:
		for name, t := range fieldsOf(t) {
			compare(t, fields[name], strings.TrimPrefix(path+"."+name, "."), all)
		}
	case !leaf && t.Kind() == reflect.Map && isMap:
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			compare(t.Elem(), fields[name], strings.TrimPrefix(path+"."+name, "."), all)
		}
	case !leaf && t.Kind() == reflect.Slice && isList:
		for i, item := range items {
			compare(t.Elem(), item, fmt.Sprintf("%s[%d]", path, i), all)
		}
	default:
		text, err := json.Marshal(value)
		if err == nil && json.Unmarshal(text, reflect.New(t).Interface()) == nil {
			return
		}
		*all = append(*all, fieldError{path, fmt.Sprintf("%s; want %s", shown(value), wanted(t))})
	}
}

// longest is how many characters of a value are repeated to who wrote it.
const longest = 40

// shown tells a value as people who write YAML do.
func shown(value any) string {
	switch value := value.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		if text := []rune(value); len(text) > longest {
			return strconv.Quote(string(text[:longest])) + "..."
		}
		return strconv.Quote(value)
	default:
		return fmt.Sprint(value)
	}
}

// wanted names a type as people who write YAML do.
func wanted(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[resource.Quantity]():
		return "a quantity, for example 500m or 1Gi"
	case reflect.TypeFor[intstr.IntOrString]():
		return "a whole number, or a text such as 25% or a port's name"
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		return "a time, for example 2006-01-02T15:04:05Z"
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "a mapping"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text (in quotes, if it looks like a number or a yes)"
	default:
		return "a whole number"
	}
}
