package fleet

import (
	"errors"
	"testing"
)

func newShards(limit int) *shards {
	return &shards{limit: limit, of: map[string]map[int64]*visit{}}
}

func TestGuard(t *testing.T) {
	m := newShards(1 << 20)
	v, err := m.enter("job", 7)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.enter("job", 7); !errors.Is(err, ErrTwice) {
		t.Errorf("a second entry: %v", err)
	}
	if _, err := m.enter("job", 8); err != nil {
		t.Errorf("another shard: %v", err)
	}
	if err := v.check(7, 0); err != nil {
		t.Error(err)
	}
	s := NewShard(Stamp{})
	s.head.writes = 1
	m.leave(v, &cached{Shard: s})
	if v, err = m.enter("job", 7); err != nil {
		t.Fatal(err)
	}
	if err := v.check(7, 0); !errors.Is(err, ErrTwice) {
		t.Errorf("a lost write: %v", err)
	}
}

// The memory of all shards is bounded: those that were not used for the longest time are dropped, but none that is in
// use.
func TestMemoryIsBounded(t *testing.T) {
	tracks := func() *cached {
		s := NewShard(Stamp{})
		s.set(s.add("T-1"), entry{track: make([]byte, 1000)})
		return &cached{Shard: s}
	}
	m := newShards(3*tracks().memory() + 1)
	busy, err := m.enter("job", 0)
	if err != nil {
		t.Fatal(err)
	}
	m.leave(busy, tracks())
	if busy, err = m.enter("job", 0); err != nil {
		t.Fatal(err)
	}
	for shard := range int64(10) {
		v, err := m.enter("job", shard+1)
		if err != nil {
			t.Fatal(err)
		}
		m.leave(v, tracks())
		if m.bytes > m.limit {
			t.Fatalf("%d bytes, of %d", m.bytes, m.limit)
		}
	}
	if busy.tracks == nil {
		t.Error("a shard that is in use was dropped")
	}
	kept := 0
	for shard, v := range m.of["job"] {
		if v.tracks != nil {
			kept++
			if shard != 0 && shard < 9 {
				t.Errorf("shard %d was kept", shard)
			}
		}
	}
	if kept != 3 || m.used.Len() != 3 {
		t.Errorf("%d shards are kept, %d counted", kept, m.used.Len())
	}
	m.leave(busy, nil)
	if busy.tracks != nil || m.used.Len() != 2 {
		t.Error("a shard whose part failed was kept")
	}
}

func TestForgetWhileAtWork(t *testing.T) {
	v, err := memory.enter(t.Name(), 1)
	if err != nil {
		t.Fatal(err)
	}
	Forget(t.Name())
	before := memory.bytes
	s := NewShard(Stamp{})
	s.set(s.add("T-1"), entry{next: 1, track: make([]byte, 100)})
	memory.leave(v, &cached{Shard: s})
	if memory.bytes != before || v.tracks != nil {
		t.Error("the tracks of a forgotten job are kept")
	}
}
