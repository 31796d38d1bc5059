package experiment

import (
	"fmt"

	"github.com/shutdowncheck/shutdowncheck/sender"
)

// redirected tells that every answer of the baseline was a redirect that names no pod,
// which whatever stands in front of the pods may have made by itself
// (recording.Sample.Redirect): whatever is done to the workload, such answers would go on.
// Where one stream had others the run goes on for that, and the report tells of the rest.
// Where the URL is known to lead straight to the pods, or the check says which statuses it
// expects, the answers are taken for theirs.
func (r *run) redirected(counts []sender.StreamStatus) string {
	if r.facts.ServesURL || len(counts) == 0 {
		return ""
	}
	for i, s := range counts {
		if !s.Redirected || len(r.cfg.Check.Streams[i].ExpectStatus) > 0 {
			return ""
		}
	}
	return fmt.Sprintf("all answers of the baseline were redirects that name no pod, so nothing was done to %s", r.cfg.Check.Workload)
}
