package matrix

import "testing"

func TestForSenders(t *testing.T) {
	rows := []Row{{Name: "starved", CPU: "10m"}, {Name: "as usual"}, {Name: "one node", OneNode: true}, {Name: "slow lookups", Nameserver: "slow"}}
	if got := ForSenders(rows); len(got) != 1 || got[0].Name != "as usual" {
		t.Errorf("%+v", got)
	}
}
