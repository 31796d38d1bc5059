package script

import "strings"

// follows tells of a tail that never ends: of a device, or by -F of a file that need not be
// there (GNU coreutils and busybox; measured). One of another file ends where there is no
// such file, and one with --pid with that process.
func (r *run) follows(words []word, e elapsed) bool {
	on, retries, device, files := false, false, false, 0
	for i := 0; i < len(words); i++ {
		text := words[i].text
		name, value, _ := strings.Cut(text, "=")
		switch {
		case !words[i].known:
			return false
		case name == "--pid":
			if value == "" && i+1 < len(words) {
				i++
				value = words[i].text
			}
			if value != "1" || !r.awaits(e) {
				return false
			}
		case name == "--follow":
			on = true
		case name == "--retry":
			retries = true
		case text == "-n" || text == "-c" || text == "-s" || text == "--lines" || text == "--bytes" || text == "--sleep-interval":
			i++
		case strings.HasPrefix(text, "--") || text == "-":
		case strings.HasPrefix(text, "-"):
			on = on || strings.ContainsAny(text, "fF")
			retries = retries || strings.Contains(text, "F")
		default:
			files++
			device = device || text == "/dev/null"
		}
	}
	return on && (device || retries && files > 0)
}
