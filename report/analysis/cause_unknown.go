package analysis

import "github.com/shutdowncheck/shutdowncheck/report"

// causeUnknown: nothing that was seen explains it.
var causeUnknown = cause{
	name:     report.Unknown,
	says:     "no termination explains these failures",
	explains: func(loss) bool { return true },
	fix: func(*measured) report.Fix {
		return report.Fix{Text: "No claim is made. Look at the failures' times in report.json beside the logs of the service and of what stands in front of it."}
	},
}
