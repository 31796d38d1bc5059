package experiment

import (
	"errors"
	"strings"
	"testing"

	"github.com/shutdowncheck/shutdowncheck/check"
)

// What senders cannot carry is wrong with the check, and told in its own numbers. Here
// the senders are of this system, which tells its ports.
func TestSendersThatCannotCarryIt(t *testing.T) {
	t.Parallel()
	s := newInsideScene(t)
	before := s.Deployment()
	cfg := s.config(2, deleteOne)
	cfg.Check.Streams[0].Connections, cfg.Check.Streams[0].Rate = check.New, 1e6
	cfg.Check.Streams[0].MaxConnections = 10
	err := Run(t.Context(), cfg)
	if wrong, ok := errors.AsType[*CheckError](err); !ok || !strings.HasPrefix(wrong.Error(), "streams[0].rate: 1e+06 new connections per second to ") {
		t.Errorf("it ends with %v", err)
	}
	s.isAsBefore(t, before)
	s.nothingLeft(t)
}
