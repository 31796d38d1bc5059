package patch

import "testing"

func TestMerge(t *testing.T) {
	for name, tt := range map[string]struct{ first, second, want string }{
		"nothing before":    {`{}`, `{"a":1}`, `{"a":1}`},
		"side by side":      {`{"a":{"b":1}}`, `{"a":{"c":2}}`, `{"a":{"b":1,"c":2}}`},
		"the later wins":    {`{"a":{"b":1}}`, `{"a":{"b":2}}`, `{"a":{"b":2}}`},
		"removed later":     {`{"a":{"b":1}}`, `{"a":null}`, `{"a":null}`},
		"removed before":    {`{"a":null}`, `{"a":{"b":1}}`, `{"a":{"$patch":"replace","b":1}}`},
		"containers":        {`{"c":[{"name":"x","a":1},{"name":"y"}]}`, `{"c":[{"name":"x","b":2},{"name":"z"}]}`, `{"c":[{"a":1,"b":2,"name":"x"},{"name":"y"},{"name":"z"}]}`},
		"a list of no name": {`{"c":["a"]}`, `{"c":["b"]}`, `{"c":["b"]}`},
		"a handler":         {`{"h":{"exec":null,"sleep":{"seconds":5}}}`, `{"h":{"sleep":{"seconds":9}}}`, `{"h":{"exec":null,"sleep":{"seconds":9}}}`},
	} {
		first, err := Parse(tt.first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Parse(tt.second)
		if err != nil {
			t.Fatal(err)
		}
		if got := JSON(Merge(first, second)); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
		if JSON(first) != JSON(Merge(first, nil)) {
			t.Errorf("%s: the first was changed to %s", name, JSON(first))
		}
	}
	if _, err := Parse("{"); err == nil {
		t.Error("half a patch was taken")
	}
}
