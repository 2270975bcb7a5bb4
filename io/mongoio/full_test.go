package mongoio_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"argos"
)

// TestWritersOnAFullServer: eight writers, each a client of its own as processes have, overtake one another on many
// ids, while others read pages and boxes. The highest revision that any of them was told to be stored is stored at the
// end, and no reader ever sees a truck go back.
func TestWritersOnAFullServer(t *testing.T) {
	onlyFull(t)
	const writers, readers, fleet, rounds, size = 8, 2, 5000, 60, 500
	uri := database(t)
	acked := make([][]int64, writers)
	var writing, reading sync.WaitGroup
	var written atomic.Bool
	for w := range writers {
		acked[w] = make([]int64, fleet)
		s := open(t, uri)
		writing.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 5))
			for round := range rounds {
				docs := make([]argos.Truck, 0, size)
				for _, i := range random.Perm(fleet)[:size] {
					docs = append(docs, document(i, int64(round*10+random.IntN(40)+1)))
				}
				refused, err := s.Upsert(t.Context(), docs)
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				by := map[string]argos.Refusal{}
				for _, r := range refused {
					by[r.ID] = r
				}
				for _, d := range docs {
					var i int
					if _, err := fmt.Sscanf(d.ID, "truck-%d", &i); err != nil {
						t.Error(err)
					}
					if r, ok := by[d.ID]; ok && (r.Rev < d.Rev || r.Pos != document(i, r.Rev).Pos) {
						t.Errorf("writer %d: %s rev %d refused with %+v", w, d.ID, d.Rev, r)
					}
					acked[w][i] = max(acked[w][i], d.Rev)
				}
			}
		})
	}
	for range readers {
		s := open(t, uri)
		reading.Go(func() {
			seen := map[string]int64{}
			for !written.Load() {
				last := ""
				for {
					page, err := s.After(t.Context(), last, 700)
					if err != nil {
						t.Error(err)
						return
					}
					for _, d := range page {
						if d.ID <= last || d.Rev < seen[d.ID] {
							t.Errorf("after %s rev %d comes %s rev %d", last, seen[d.ID], d.ID, d.Rev)
						}
						last, seen[d.ID] = d.ID, d.Rev
					}
					if len(page) < 700 {
						break
					}
				}
			}
		})
	}
	writing.Wait()
	written.Store(true)
	reading.Wait()
	all, err := open(t, uri).After(t.Context(), "", fleet+1)
	must(t, err)
	stored := map[string]int64{}
	for _, d := range all {
		stored[d.ID] = d.Rev
	}
	for i := range fleet {
		want := int64(0)
		for w := range writers {
			want = max(want, acked[w][i])
		}
		if id := fmt.Sprintf("truck-%05d", i); stored[id] != want {
			t.Errorf("%s is stored with rev %d, want %d", id, stored[id], want)
		}
	}
}
