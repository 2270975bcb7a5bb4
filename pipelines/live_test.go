package pipelines

import (
	"testing"
)

func TestTheLogBecomesDocuments(t *testing.T) {
	p := newTopic(t, 4)
	p.fill(20_000, 100)
	store, uri := newMemStore(t)
	l := p.stored(p.config(uri))
	if len(store.trucks) != 100 {
		t.Fatalf("%d documents", len(store.trucks))
	}
	for id, d := range store.trucks {
		if d.Rev != 200 || d.Fixes != 200 {
			t.Errorf("truck %s: rev %d, fixes %d, rejected %d", id, d.Rev, d.Fixes, d.Rejected)
		}
	}
	if s := l.Stats(); s.Records != 20_000 || s.Diverged != 0 || s.P99 < s.P50 {
		t.Errorf("stats: %+v", s)
	}
}
