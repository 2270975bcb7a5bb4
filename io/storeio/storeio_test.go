package storeio

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"argos"
	"argos/io/sqliteio"
)

func init() { argos.Process.Register(sqliteio.Scheme, sqliteio.Open) }

// sink is a sink on a new SQLite file, and the store behind it.
func sink(t *testing.T) (*Fn, argos.Store) {
	t.Helper()
	uri := sqliteio.URI(filepath.Join(t.TempDir(), "trucks.db"))
	store, err := argos.Process.Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	t.Cleanup(func() { Forget(t.Name()) })
	return &Fn{Config: Config{Job: t.Name(), StoreURI: uri}}, store
}

func truck(id string, rev int64, attrs string) argos.Truck {
	t := argos.Truck{ID: id, Rev: rev, Fixes: rev, Pos: argos.Pos{Next: 10 * rev}, Track: []byte{byte(rev)}}
	if attrs != "" {
		t.Attrs = []byte(attrs)
	}
	return t
}

// bundle hands parts to a sink and returns those that it acknowledged.
func bundle(ctx context.Context, t *testing.T, f *Fn, parts ...argos.Documents) (acked []argos.Part, err error) {
	t.Helper()
	for i := range parts {
		if err := f.ProcessElement(0, parts[i].Append(nil), nil); err != nil {
			t.Fatal(err)
		}
	}
	err = f.FinishBundle(ctx, func(partition int64, b []byte) {
		for len(b) > 0 {
			p, rest, err := argos.DecodePart(b)
			if err != nil || int64(p.Partition) != partition {
				t.Fatalf("acknowledgement of %d: %+v, %v", partition, p, err)
			}
			acked, b = append(acked, p), rest
		}
	})
	return acked, err
}

func part(from int64, trucks ...argos.Truck) argos.Documents {
	d := argos.Documents{Part: argos.Part{Partition: 3, From: from, To: from + 10, Of: 1}, Trucks: trucks}
	for range trucks {
		d.Recvs = append(d.Recvs, time.Now().UnixMilli())
	}
	return d
}

// A bundle is written once: the newest document of each truck, with the newest attrs of any.
func TestBundle(t *testing.T) {
	f, store := sink(t)
	acked, err := bundle(t.Context(), t, f,
		part(0, truck("A", 1, `{"x":1}`), truck("B", 1, "")),
		part(10, truck("A", 2, `{"x":2}`)),
		part(20, truck("A", 3, "")))
	if err != nil || len(acked) != 3 || acked[0].From != 0 || acked[2].To != 30 {
		t.Fatal(acked, err)
	}
	a, err := store.Truck(t.Context(), "A")
	if err != nil || a.Rev != 3 || string(a.Attrs) != `{"x":2}` {
		t.Errorf("%+v, %v", a, err)
	}
	if s := StatsOf(t.Name()); s.Documents != 2 || s.Records != 4 || s.Refused != 0 {
		t.Errorf("%+v", s)
	}
	if acked, err := bundle(t.Context(), t, f); err != nil || len(acked) != 0 {
		t.Errorf("the bundle after it: %v, %v", acked, err)
	}
}

// What the store has already is acknowledged all the same: it is a replay.
func TestReplay(t *testing.T) {
	f, store := sink(t)
	for _, rev := range []int64{5, 5, 2} {
		if acked, err := bundle(t.Context(), t, f, part(0, truck("A", rev, ""))); err != nil || len(acked) != 1 {
			t.Fatalf("rev %d: %v, %v", rev, acked, err)
		}
	}
	if a, err := store.Truck(t.Context(), "A"); err != nil || a.Rev != 5 {
		t.Errorf("%+v, %v", a, err)
	}
	if s := StatsOf(t.Name()); s.Refused != 2 || s.Diverged != 0 {
		t.Errorf("%+v", s)
	}
}

// A refusal that does not contain what was refused fails the bundle, and acknowledges nothing.
func TestDivergence(t *testing.T) {
	f, _ := sink(t)
	other := truck("A", 5, "")
	other.Pos.Next = 1
	if _, err := bundle(t.Context(), t, f, part(0, other)); err != nil {
		t.Fatal(err)
	}
	acked, err := bundle(t.Context(), t, f, part(0, truck("A", 4, "")))
	if !errors.Is(err, argos.ErrDiverged) || len(acked) != 0 {
		t.Errorf("%v, %v", acked, err)
	}
	if s := StatsOf(t.Name()); s.Diverged != 1 {
		t.Errorf("%+v", s)
	}
}

// A write that fails until the job ends is not acknowledged.
func TestNoStore(t *testing.T) {
	f, _ := sink(t)
	f.Config.StoreURI = sqliteio.URI(filepath.Join(t.TempDir(), "missing", "trucks.db"))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	acked, err := bundle(ctx, t, f, part(0, truck("A", 1, "")))
	if err == nil || len(acked) != 0 {
		t.Errorf("%v, %v", acked, err)
	}
}
