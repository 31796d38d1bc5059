package sender

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// An assignment arrives as it was, with each text of it that its JSON hides.
func TestAssignmentTravelsWhole(t *testing.T) {
	var a Assignment
	hidden := fill(t, reflect.ValueOf(&a).Elem())
	a.Version = Version
	if hidden < 5 {
		t.Fatalf("%d hidden texts were found in an assignment", hidden)
	}
	data, err := encode(a)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, a) {
		t.Errorf("sent %#v,\ngot %#v", a, got)
	}
	for _, stream := range got.Streams {
		if text := stream.Body.Text.Reveal(); text != secret {
			t.Errorf("a body has become %q", text)
		}
		if shown := stream.Body.Text.String(); strings.Contains(shown, secret) {
			t.Errorf("a body is shown: %s", shown)
		}
	}
	open, err := json.Marshal(a)
	if err != nil || strings.Contains(string(open), secret) {
		t.Errorf("%s, %v", open, err)
	}
}

// fill gives every field a value, two of each slice, and counts the hidden texts.
func fill(t *testing.T, v reflect.Value) (hidden int) {
	t.Helper()
	switch v.Interface().(type) {
	case check.Secret:
		v.SetString(secret)
		return 1
	case check.Value:
		v.Set(reflect.ValueOf(check.NewValue(secret)))
		return 1
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8:
		v.SetUint(7)
	case reflect.Float64:
		v.SetFloat(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(t, v.Elem())
	case reflect.Struct:
		for _, field := range v.Fields() {
			hidden += fill(t, field)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			hidden += fill(t, v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			hidden += fill(t, v.Index(i))
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		hidden = fill(t, key) + fill(t, value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	default:
		t.Fatalf("%s in an assignment", v.Type())
	}
	return hidden
}

// Of what cannot be read nothing is repeated.
func TestDamagedAssignmentsRepeatNothing(t *testing.T) {
	whole, err := encode(assignment("http://web.example/", 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"empty":            "",
		"cut":              string(whole[:len(whole)-5]),
		"twice":            string(whole) + string(whole),
		"another type":     `{"assignment":{"version":2,"streams":"` + secret + `"}}`,
		"a bad duration":   `{"assignment":{"version":2,"streams":[{"timeout":"` + secret + `"}]}}`,
		"no JSON":          secret,
		"no values":        strings.Replace(string(whole), `"hidden":[`, `"hid":[`, 1),
		"a value too many": strings.Replace(string(whole), `"hidden":[`, `"hidden":["YQ==",`, 1),
	} {
		if _, err := decode([]byte(data)); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
