package analysis

import (
	"fmt"
	"strings"
)

// list names some of many.
func list(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d more pods", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
