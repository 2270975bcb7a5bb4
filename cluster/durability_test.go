package cluster_test

import (
	"strings"
	"testing"

	"argos/cluster"
)

// TestDurability: what is required is met by settings that keep it, and by no others.
func TestDurability(t *testing.T) {
	for name, c := range map[string]struct {
		cluster.Durability
		worth   int
		refused string // what is to be set when two are required
		says    string
	}{
		"the usual cluster":   {cluster.Durability{Replicas: 3, MinInSync: 2}, 2, "", "at least 2 of 3 replicas have the fix"},
		"acks of the leader":  {cluster.Durability{Replicas: 3, MinInSync: 1}, 1, "min.insync.replicas", "as safe as one disk"},
		"one broker":          {cluster.Durability{Replicas: 1, MinInSync: 1}, 1, "replication factor", "as safe as one disk"},
		"unclean":             {cluster.Durability{Replicas: 3, MinInSync: 2, Unclean: true}, 2, "unclean.leader.election", "may lose it"},
		"more than there are": {cluster.Durability{Replicas: 1, MinInSync: 2}, 1, "replication factor", "nothing can be acknowledged"},
	} {
		if got := c.Worth(); got != c.worth {
			t.Errorf("%s: worth %d", name, got)
		}
		if s := c.String(); !strings.Contains(s, c.says) {
			t.Errorf("%s: %s", name, s)
		}
		if err := c.Meets(1); err != nil {
			t.Errorf("%s: one is required: %v", name, err)
		}
		err := c.Meets(2)
		if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s: two are required: %v", name, err)
		}
	}
}
