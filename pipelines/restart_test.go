package pipelines

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"argos"
	"argos/io/sqliteio"
)

func init() { argos.Process.Register("sqlite", sqliteio.Open) }

// A pipeline on real parts that is abandoned again and again in mid-load, each time with other shards, ends in the same documents
// as the plain fold. An abandoned job may still write: that is meant.
func TestRestartsOnSQLite(t *testing.T) {
	cutsJobsOff(t)
	p := newTopic(t, 2)
	log := make([][][]byte, 2)
	for partition := range log {
		for n := range 300 {
			for k := range 30 {
				switch id := truckIn(partition, 2, k); {
				case (n+k)%97 == 0:
					log[partition] = append(log[partition], []byte("garbage"))
				case (n+k)%31 == 0: // late, and again
					log[partition] = append(log[partition], valueOf(id, n-5))
				default:
					log[partition] = append(log[partition], valueOf(id, n))
				}
			}
		}
	}
	uri := "sqlite:" + filepath.Join(t.TempDir(), "trucks.db")
	store, err := argos.Process.Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()

	const rounds = 6
	for round := range rounds {
		cfg := p.config(uri)
		cfg.Shards = 2 * (1 + round%3)
		l := begun(t, cfg)
		before := l.Stats().Records
		for partition := range log {
			n := len(log[partition])
			p.put(partition, log[partition][round*n/rounds:(round+1)*n/rounds]...)
		}
		eventually(t, "records are stored", func() bool { return l.Stats().Records > before })
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
		killed, now := context.WithCancel(context.Background())
		now()
		l.Stop(killed)
	}
	p.stored(p.config(uri))

	got := &memStore{trucks: map[string]argos.Truck{}}
	page, err := store.After(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range page {
		got.trucks[d.ID] = d
	}
	compare(t, got, log)
}
