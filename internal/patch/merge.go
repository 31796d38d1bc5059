package patch

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Parse reads a patch that JSON has written.
func Parse(text string) (Object, error) {
	var o Object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return nil, fmt.Errorf("read the patch %s: %w", text, err)
	}
	return o, nil
}

// Merge makes one patch that does what first and then second do, as long as the lists in
// them are merged by name or replaced as a whole. Neither is changed.
func Merge(first, second Object) Object {
	merged := maps.Clone(first)
	if merged == nil {
		merged = Object{}
	}
	for key, value := range second {
		before, has := merged[key]
		merged[key] = mergeValue(before, has, value)
	}
	return merged
}

func mergeValue(before any, has bool, value any) any {
	switch value := value.(type) {
	case Object:
		if was, isObject := before.(Object); isObject {
			return Merge(was, value)
		}
		if has {
			// first has removed or replaced it: nothing of the original is to come back.
			return Merge(value, Object{"$patch": "replace"})
		}
	case []any:
		if was, isList := before.([]any); isList && named(was) && named(value) {
			return mergeList(was, value)
		}
	}
	return value
}

func named(list []any) bool {
	return !slices.ContainsFunc(list, func(item any) bool { return nameOf(item) == "" })
}

func nameOf(item any) string {
	o, _ := item.(Object)
	name, _ := o["name"].(string)
	return name
}

func mergeList(first, second []any) []any {
	merged := slices.Clone(first)
	for _, item := range second {
		at := slices.IndexFunc(merged, func(other any) bool { return nameOf(other) == nameOf(item) })
		if at < 0 {
			merged = append(merged, item)
			continue
		}
		merged[at] = mergeValue(merged[at], true, item)
	}
	return merged
}
