package storetest

import (
	"testing"

	"argos"
)

func totals(t *testing.T, s argos.Store) {
	check := func(when string, want argos.Totals) {
		t.Helper()
		got, err := s.Totals(t.Context())
		must(t, err)
		if got != want {
			t.Errorf("%s the totals are %+v, want %+v", when, got, want)
		}
	}
	check("of nothing", argos.Totals{})
	upsert(t, s, document("T-1", 7), document("T-2", 1<<40), nowhere("T-3"))
	check("of three", argos.Totals{Trucks: 3, Fixes: 8 + 1<<40, Duplicates: 6, Late: 9, Rejected: 12})
	upsert(t, s, document("T-1", 9), document("T-2", 5)) // the second is refused
	check("after an upsert", argos.Totals{Trucks: 3, Fixes: 10 + 1<<40, Duplicates: 6, Late: 9, Rejected: 12})
}
