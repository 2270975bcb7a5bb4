package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"argos"
)

const writers = 8

// until repeats f until it answers true. It waits on the clock that stamps documents, not on work to be done.
func until(t *testing.T, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !f(); {
		if time.Now().After(deadline) {
			t.Fatal("it has not come true within 30 s")
		}
	}
}

// sameRevision lets writers race with one revision: the store keeps exactly one, whole, and tells the others.
func sameRevision(t *testing.T, s argos.Store) {
	for rev := int64(1); rev <= 20; rev++ {
		won := make([]bool, writers)
		together(t, func(w int) error {
			x := document("T-1", rev)
			x.Speed, x.Heading = float64(w), float64(w)
			refused, err := s.Upsert(t.Context(), []argos.Truck{x})
			won[w] = len(refused) == 0
			if !won[w] && refused[0] != (argos.Refusal{ID: "T-1", Rev: rev, Pos: x.Pos}) {
				return fmt.Errorf("refused with %+v", refused[0])
			}
			return err
		})
		winner := slices.Index(won, true)
		if winner < 0 || slices.Contains(won[winner+1:], true) {
			t.Fatalf("rev %d was won by %v, want exactly one", rev, won)
		}
		if got := truck(t, s, "T-1"); got.Rev != rev || got.Speed != float64(winner) || got.Heading != float64(winner) {
			t.Fatalf(
				"rev %d: stored rev %d with speed %v and heading %v, want those of writer %d",
				rev,
				got.Rev,
				got.Speed,
				got.Heading,
				winner,
			)
		}
	}
}

// overlapping lets writers write sets of trucks in the order of their ids, with revisions that overtake one another.
func overlapping(t *testing.T, s argos.Store) {
	const trucks, rounds, size = 60, 30, 25
	highest := make([][trucks]int64, writers)
	together(t, func(w int) error {
		random := rand.New(rand.NewPCG(uint64(w), 17))
		for round := range rounds {
			set := random.Perm(trucks)[:size]
			slices.Sort(set)
			docs := make([]argos.Truck, 0, size)
			for _, i := range set {
				rev := int64(round*10 + random.IntN(40) + 1)
				docs = append(docs, document(fmt.Sprintf("T-%02d", i), rev))
				highest[w][i] = max(highest[w][i], rev)
			}
			refused, err := s.Upsert(t.Context(), docs)
			if err != nil {
				return err
			}
			for _, r := range refused {
				i := slices.IndexFunc(docs, func(x argos.Truck) bool { return x.ID == r.ID })
				if i < 0 || r.Rev < docs[i].Rev || r.Pos != document(r.ID, r.Rev).Pos {
					return fmt.Errorf("refused with %+v, which is not above what was written", r)
				}
			}
		}
		return nil
	})
	for i := range trucks {
		want := int64(0)
		for w := range writers {
			want = max(want, highest[w][i])
		}
		if id := fmt.Sprintf("T-%02d", i); want > 0 {
			same(t, truck(t, s, id), document(id, want))
		}
	}
}

// together runs f once a writer, all at once, and waits.
func together(t *testing.T, f func(w int) error) {
	t.Helper()
	start := make(chan struct{})
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			<-start
			if err := f(w); err != nil {
				t.Errorf("writer %d: %v", w, err)
			}
		})
	}
	close(start)
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}
