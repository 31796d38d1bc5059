package lint

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apijson "sigs.k8s.io/json"
)

// wrongName says of an object, of whatever kind, that its name cannot be a part of an
// address in a cluster: kubectl refuses it before it asks one (client-go rest.Request.Name).
func wrongName(name string) error {
	if wrong := content.IsPathSegmentName(name); len(wrong) > 0 {
		return fieldErrors{{"metadata.name", fmt.Sprintf("%q; it %s", name, strings.Join(wrong, ", "))}}
	}
	return nil
}

// wrongMetadata says what is wrong with the metadata of an object of a kind that is not
// judged: kubectl takes none of which it cannot read that (cli-runtime pkg/resource
// metadataValidatingDecoder), or that has no name. A file without any metadata may be of a
// program's own, as kind's and kubeadm's are.
func wrongMetadata(object []byte) error {
	var o struct {
		Metadata *metav1.ObjectMeta `json:"metadata"`
	}
	if err := apijson.UnmarshalCaseSensitivePreserveInts(object, &o); err != nil {
		return wrongValues(object, &o, err)
	}
	if o.Metadata != nil && o.Metadata.Name == "" && o.Metadata.GenerateName == "" {
		return errNameless
	}
	return nil
}

var errNameless = fieldErrors{{"metadata.name", "missing; want a name"}}
