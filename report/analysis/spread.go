package analysis

// namedSpread gives how connections were spread over the pods, or nothing where no
// answer named its pod.
func namedSpread(pods map[string]int) map[string]int {
	for pod := range pods {
		if pod != "" {
			return pods
		}
	}
	return nil
}

// namedSpreads does so for each stream.
func namedSpreads(streams map[string]map[string]int) map[string]map[string]int {
	var named map[string]map[string]int
	for name, pods := range streams {
		if pods = namedSpread(pods); pods == nil {
			continue
		}
		if named == nil {
			named = map[string]map[string]int{}
		}
		named[name] = pods
	}
	return named
}
