package pipelines

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/cluster"
	"argos/transforms/track"
)

// grow adds partitions to the topic.
func (p *topic) grow(partitions int) {
	p.t.Helper()
	res, err := p.client.CreatePartitions(p.t.Context(), &kafka.CreatePartitionsRequest{
		Topics: []kafka.TopicPartitionsConfig{{Name: argos.Topic, Count: int32(partitions)}},
	})
	if err == nil {
		err = res.Errors[argos.Topic]
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.partitions = partitions
	p.client = topicAt(p.t, p.addr, partitions).client // clients remember what they have seen
}

// drive puts the fixes [from, to) of each of some trucks into the topic, each where the present layout has it.
func (p *topic) drive(trucks, from, to int) {
	p.t.Helper()
	values := make([][][]byte, p.partitions)
	for n := from; n < to; n++ {
		for k := range trucks {
			at := argos.PartitionOf(truckID(k), p.partitions)
			values[at] = append(values[at], fixOf(k, n))
		}
	}
	for partition, some := range values {
		p.put(partition, some...)
	}
}

// holds fails unless each truck's document is the fold of its first fixes, in their order.
func (s *memStore) holds(t *testing.T, trucks, fixes int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range trucks {
		var whole track.Track
		for n := range fixes {
			r := argos.Record{Fix: argos.NewFix(truckID(k), epochOf(n), 52+float64(n)*9e-5, 13)}
			r.Speed, r.Heading, r.Accuracy = 10, 0, 4
			whole.Fold(&r, argos.Pos{Next: int64(n) + 1})
		}
		var want argos.Truck
		whole.Fill(&want)
		got := s.trucks[truckID(k)]
		if got.Rev != want.Rev || got.Fixes != want.Fixes || got.Lat != want.Lat || got.Lon != want.Lon {
			t.Fatalf("truck %d: rev %d, %d fixes, %v, %v; want rev %d, %d fixes, %v, %v",
				k, got.Rev, got.Fixes, got.Lat, got.Lon, want.Rev, want.Fixes, want.Lat, want.Lon)
		}
	}
}

func epochOf(n int) int64 { return epoch + int64(n)*1000 }

// A topic that grows under lag is refused by a plain start, and accepted by one that is told so: each truck is folded
// in the order of its fixes, first by the old layout, then by the new. So is it by a new store, which has no marks,
// and after it has grown again.
func TestGrownUnderLag(t *testing.T) {
	const trucks = 40
	p := newTopic(t, 2)
	store, uri := newMemStore(t)
	cfg := p.config(uri)
	cfg.still = 100 * time.Millisecond
	p.drive(trucks, 0, 100)
	p.stored(cfg)
	p.drive(trucks, 100, 300) // the lag
	p.grow(5)
	for range 2 {
		if _, err := Start(t.Context(), cfg); !errors.Is(err, ErrRefused) ||
			!strings.Contains(err.Error(), "--accept-partitions") {
			t.Fatalf("a plain start: %v", err)
		}
	}
	cfg.AcceptPartitions, cfg.Shards = true, 10
	p.stored(cfg)
	store.holds(t, trucks, 300)
	cfg.AcceptPartitions = false
	p.drive(trucks, 300, 400)
	p.stored(cfg)
	store.holds(t, trucks, 400)
	p.grow(6)
	cfg.AcceptPartitions, cfg.Shards = true, 0
	p.stored(cfg)
	p.drive(trucks, 400, 500)
	p.stored(cfg)
	store.holds(t, trucks, 500)

	t.Run("anew", func(t *testing.T) {
		another, uri := newMemStore(t)
		cfg := p.config(uri)
		p.stored(cfg)
		another.holds(t, trucks, 500)
	})
}

// A pipeline that is stopped while it stores the old layout goes on with that, without being told again.
func TestStoppedWhileAccepting(t *testing.T) {
	const trucks = 40
	p := newTopic(t, 2)
	store, uri := newMemStore(t)
	cfg := p.config(uri)
	cfg.still = 100 * time.Millisecond
	p.stored(cfg)
	p.drive(trucks, 0, 2000)
	p.grow(3)
	cfg.AcceptPartitions = true
	l := begun(t, cfg)
	eventually(t, "something is stored", func() bool { return slices.Max(l.Marks()) > 0 })
	if err := l.Stop(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	cfg.AcceptPartitions = false
	p.drive(trucks, 2000, 2100)
	p.stored(cfg)
	store.holds(t, trucks, 2100)
}

// Every worker may be told to accept the partitions: one that still waits for silence takes what another has accepted
// meanwhile, also when that one is killed before it has stored the old layout, and gateways already write by the new
// one, without a pause.
func TestAcceptedByTwo(t *testing.T) {
	const trucks = 40
	p := newTopic(t, 2)
	store, uri := newMemStore(t)
	cfg := p.config(uri)
	p.drive(trucks, 0, 10)
	p.stored(cfg)
	p.drive(trucks, 10, 100) // the lag
	p.grow(3)
	cfg.AcceptPartitions = true
	patient := cfg.withDefaults()
	cfg.still, patient.still = 100*time.Millisecond, time.Second
	second := make(chan found, 1)
	looked := make(chan struct{})
	go func() {
		is, err := find(t.Context(), store, patient)
		if err != nil || !is.hasGrown() {
			t.Errorf("%+v, %v", is, err)
		}
		close(looked)
		if is, err = whenStill(t.Context(), store, patient); err != nil {
			t.Error(err)
		}
		second <- is
	}()
	<-looked
	var killed atomic.Bool
	release := make(chan struct{})
	store.before = func([]argos.Truck) {
		if !killed.Load() {
			<-release
		}
	}
	first := begun(t, cfg)
	known, err := cfg.Kafka.Layouts(t.Context(), argos.Topic)
	if err != nil || len(known) != 2 {
		t.Fatal(known, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	p.drive(trucks, 100, 200)
	if is := <-second; !cluster.SameLayouts(is.layouts, known) {
		t.Errorf("the second found %v, and %v was accepted", is.layouts, known)
	}
	killed.Store(true)
	close(release)
	first.Stop(ended)
	p.stored(cfg)
	store.holds(t, trucks, 200)
	if now, err := cfg.Kafka.Layouts(t.Context(), argos.Topic); err != nil || !cluster.SameLayouts(now, known) {
		t.Errorf("%v are in place of %v, %v", now, known, err)
	}
}

// Whoever writes while the new layout is accepted is waited for.
func TestAcceptedWhenStill(t *testing.T) {
	const trucks = 10
	p := newTopic(t, 1)
	store, uri := newMemStore(t)
	cfg := p.config(uri).withDefaults()
	cfg.still = 300 * time.Millisecond
	if err := cfg.Kafka.SetLayouts(t.Context(), argos.Topic, nil, []cluster.Layout{{Partitions: 1}}); err != nil {
		t.Fatal(err)
	}
	p.grow(2)
	writing, end := context.WithCancel(t.Context())
	wrote := make(chan int64)
	go func() {
		n := 0
		for ; writing.Err() == nil; n++ {
			p.drive(trucks, n, n+1)
		}
		wrote <- int64(n * trucks)
	}()
	still := make(chan []cluster.Range, 1)
	go func() {
		is, err := whenStill(t.Context(), store, cfg)
		if err != nil {
			t.Error(err)
		}
		still <- is.log
	}()
	select {
	case <-still:
		t.Error("it does not wait for who writes")
	case <-time.After(3 * cfg.still):
	}
	end()
	if n, log := <-wrote, <-still; len(log) != 2 || log[0].Last+log[1].Last != n {
		t.Errorf("%d were written: %v", n, log)
	}
}
