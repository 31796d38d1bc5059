package report

import "time"

// LagMargin is added to a measured propagation lag: a kube-proxy may wait up to
// 1 s longer another time (its minSyncPeriod), and the kubelet may begin up to
// 1 s earlier (both measured on a kind cluster).
const LagMargin = 2 * time.Second

// NearDeadline is how near to the end of the grace an exit is told of: a kubelet rounds
// by up to a second, and an exit's time is known to the second only.
const NearDeadline = 2 * time.Second

// GraceMargin is added when a grace is computed. Who follows it is not told by the next
// run that an exit came near the end of the grace.
const GraceMargin = NearDeadline + time.Second
