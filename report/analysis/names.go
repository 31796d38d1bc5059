package analysis

import (
	"fmt"
	"strings"

	"github.com/shutdowncheck/shutdowncheck/internal/text"
)

// list names some of many.
func list(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %s", strings.Join(names[:most], ", "), text.Count(len(names)-most, "more pod"))
	}
	return strings.Join(names, ", ")
}
