package analysis

import "github.com/shutdowncheck/shutdowncheck/report"

// causeObservationGap: nothing that was seen explains it, but not all was seen.
var causeObservationGap = cause{
	name:     report.ObservationGap,
	says:     "the watch of the cluster had a gap just then, so no claim is made",
	explains: func(l loss) bool { return l.manner == unobserved },
	fix: func(*measured) report.Fix {
		return report.Fix{Text: "No claim is made. Run the check again; if gaps come back, run it inside the cluster."}
	},
}
