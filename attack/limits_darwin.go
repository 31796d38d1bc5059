package attack

// readLimits asks for the descriptors alone. How long macOS keeps a port, and for whom,
// is not known here.
func readLimits() limits { return limits{descriptors: openFiles()} }
