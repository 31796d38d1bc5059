package lint

import (
	"encoding/json"

	"github.com/shutdowncheck/shutdowncheck/internal/patch"
)

// unquote gives the fields that are texts before a patch, "25%" say, and numbers after it, each
// as null. kustomize writes what a patch sets in the style of what stood there, and a number in
// quotes is a text again (kyaml yaml/merge2, SetStyle); a field that was taken away before has
// no style. Lists are passed over: no patch sets such a field in one.
func unquote(before, change patch.Object) patch.Object {
	texts := patch.Object{}
	for field, value := range change {
		switch value := value.(type) {
		case patch.Object:
			was, _ := before[field].(map[string]any)
			if inner := unquote(was, value); len(inner) > 0 {
				texts[field] = inner
			}
		case float64, int, int32, int64, json.Number:
			if _, isText := before[field].(string); isText {
				texts[field] = nil
			}
		}
	}
	return texts
}
