package pipelines

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"argos"
	"argos/cluster"
	"argos/transforms/track"
)

func TestWhatCannotStartSaysSo(t *testing.T) {
	p := newTopic(t, 4)
	store, uri := newMemStore(t)
	for name, c := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"no broker":      {func(c *Config) { c.Kafka = cluster.Plain("127.0.0.1:1") }, "127.0.0.1:1"},
		"no topic":       {func(c *Config) { c.Topic = "nothing-here" }, "nothing-here"},
		"no such store":  {func(c *Config) { c.StoreURI = "tape:1" }, "tape"},
		"shards":         {func(c *Config) { c.Shards = 6 }, "6 shards"},
		"negative shard": {func(c *Config) { c.Shards = -4 }, "-4 shards"},
	} {
		cfg := p.config(uri)
		c.change(&cfg)
		if _, err := Start(within(t, 20*time.Second), cfg); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	store.down.Store(true)
	if _, err := Start(t.Context(), p.config(uri)); !errors.Is(err, errDown) {
		t.Errorf("store down: %v", err)
	}
}

// Ending Run's context drains: what was handed out is stored and the marks say so.
func TestRunDrains(t *testing.T) {
	p := newTopic(t, 4)
	p.fill(300_000, 100)
	store, uri := newMemStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, p.config(uri)) }()
	eventually(t, "the pipeline stores", func() bool { return len(stored(store)) == 100 })
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it does not drain")
	}
	marks, err := store.Marks(context.Background(), argos.Topic)
	if err != nil || len(marks) != 4 {
		t.Fatalf("%d marks, %v", len(marks), err)
	}
	for _, m := range marks { // nothing above the marks was stored
		for id, d := range store.trucks {
			if d.Pos.Partition == m.Partition && d.Pos.Next > m.Offset {
				t.Errorf("truck %s is stored up to %d, and the mark is %d", id, d.Pos.Next, m.Offset)
			}
		}
	}
}

// With the store gone, Stop does not wait longer than it is told, and the next run makes up for it.
func TestStopWithoutAStore(t *testing.T) {
	cutsJobsOff(t)
	p := newTopic(t, 2)
	p.fill(20_000, 50)
	store, uri := newMemStore(t)
	l := begun(t, p.config(uri))
	eventually(t, "the pipeline stores", func() bool { return len(stored(store)) == 50 })
	store.down.Store(true)
	p.fill(20_000, 50)
	before := store.upserts.Load()
	eventually(t, "the sink meets the stopped store", func() bool { return store.upserts.Load() > before })
	if err := l.Stop(within(t, 200*time.Millisecond)); !errors.Is(err, errDrain) {
		t.Errorf("Stop: %v", err)
	}
	store.down.Store(false)
	p.stored(p.config(uri))
	for id, d := range store.trucks {
		if d.Rev != 800 {
			t.Errorf("truck %s: rev %d", id, d.Rev)
		}
	}
}

// A document that contradicts the log fails the job, which then starts from what is stored.
func TestDivergenceFailsTheJobOnce(t *testing.T) {
	p := newTopic(t, 1)
	store, uri := newMemStore(t)
	logged := &recorder{}
	if err := store.SetMarks(t.Context(), []argos.Mark{{Topic: argos.Topic}}); err != nil {
		t.Fatal(err)
	}
	cfg := p.config(uri)
	cfg.Log, cfg.NewEpoch = logged.log(), true
	l := begun(t, cfg)
	p.put(0, valueOf("T-1", 0), valueOf("T-1", 1))
	if err := l.WaitFor(within(t, time.Minute), []int64{2}); err != nil {
		t.Fatal(err)
	}
	var other track.Track // somebody writes what this log does not give: more records, of an older epoch
	for n := range 7 {
		other.Fold(&argos.Record{Fix: argos.NewFix("T-1", epoch+int64(n)*1000, 1, 1)}, argos.Pos{Next: int64(n) + 1})
	}
	d := argos.Truck{ID: "T-1"}
	other.Fill(&d)
	if refused, err := store.Upsert(t.Context(), []argos.Truck{d}); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	before := l.Stats().Diverged
	p.put(0, valueOf("T-1", 2))
	if err := l.WaitFor(within(t, time.Minute), []int64{3}); err != nil {
		t.Fatal(err)
	}
	if got := l.Stats().Diverged - before; got != 1 {
		t.Errorf("%d documents diverged, want 1", got)
	}
	if s := logged.String(); strings.Count(s, "level=ERROR") != 1 || !strings.Contains(s, argos.ErrDiverged.Error()) {
		t.Errorf("logged:\n%s", s)
	}
	if err := l.Stop(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := store.trucks["T-1"].Rev; got != 8 {
		t.Errorf("rev %d, want what was stored and the record after", got)
	}
}

// A topic that was remade is refused, whether its log has grown beyond the store's mark or not, and a new epoch reads it on top of
// the documents.
func TestARemadeTopic(t *testing.T) {
	for name, records := range map[string]int{"shorter": 1000, "as long": 2000, "longer": 3000} {
		t.Run(name, func(t *testing.T) {
			old := newTopic(t, 2)
			old.fill(2000, 10)
			store, uri := newMemStore(t)
			old.stored(old.config(uri))
			old.stored(old.config(uri)) // it is known again
			anew := newTopic(t, 2)
			anew.fill(records, 10)
			cfg := anew.config(uri)
			if _, err := Start(t.Context(), cfg); !errors.Is(err, ErrRefused) {
				t.Fatalf("Start: %v", err)
			}
			cfg.NewEpoch = true
			anew.stored(cfg)
			cfg.NewEpoch = false
			anew.stored(cfg) // the new epoch's marks hold
			for id, d := range store.trucks {
				if want := int64(200 + records/10); d.Rev != want || d.Pos.Epoch != 1 {
					t.Errorf("truck %s: rev %d, want %d, pos %+v", id, d.Rev, want, d.Pos)
				}
			}
		})
	}
}

func TestOneKeyATruck(t *testing.T) {
	p := newTopic(t, 2)
	p.fill(1000, 20)
	store, uri := newMemStore(t)
	cfg := p.config(uri)
	cfg.Shards = PerTruck
	p.stored(cfg)
	if len(store.trucks) != 20 {
		t.Errorf("%d documents", len(store.trucks))
	}
	for id, d := range store.trucks {
		if d.Rev != 50 {
			t.Errorf("truck %s: rev %d", id, d.Rev)
		}
	}
}
