package lint

import (
	"fmt"
	"slices"
	"strings"
)

var sameObject = rule{
	id:  "same-object",
	doc: "The same object is described twice: kubectl apply takes the last one, so only that is judged.",
}

// withoutEarlier takes out the object that another one of its kind and name
// follows: kubectl apply leaves the cluster with the last one.
func withoutEarlier[P named](r *reader, g *given, all []Object[P], namespace, name string) []Object[P] {
	i := slices.IndexFunc(all, func(o Object[P]) bool {
		return o.Source.kind == g.head.Kind && o.Value.GetNamespace() == namespace && o.Value.GetName() == name
	})
	if i < 0 {
		return all
	}
	r.report(&sameObject, g, breach{
		severity: Note, field: "metadata.name",
		why: fmt.Sprintf("%s:%d describes %s/%s too. kubectl apply leaves the cluster with the last one, so that is judged and the other is not.",
			all[i].Source.File, all[i].Source.line(""), strings.ToLower(g.head.Kind), name),
		fix: "Take one of the two out, or lint them one by one if they are for different clusters.",
	})
	return slices.Delete(all, i, i+1)
}
