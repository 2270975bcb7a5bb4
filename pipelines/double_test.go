package pipelines

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"argos"
)

// memStore is an argos.Store in memory, with the guard of the real ones, that a test can stop and slow.
type memStore struct {
	mu     sync.Mutex
	trucks map[string]argos.Truck
	marks  map[string]map[int32]argos.Mark
	log    []argos.Mark // every mark taken, in order

	down    atomic.Bool            // every call fails
	upserts atomic.Int64           // calls
	before  func(ts []argos.Truck) // called by Upsert first, when set
	asked   func(ids []string)     // called by Trucks first, when set
	null    bool                   // keeps nothing but marks
}

var errDown = errors.New("the store is down, as the test wants it")

// stores holds the memory stores of the tests by their URI: mem:NAME.
var stores sync.Map

func init() {
	argos.Process.Register("mem", func(_ context.Context, uri string) (argos.Store, error) {
		if s, ok := stores.Load(uri); ok {
			return s.(*memStore), nil
		}
		return nil, fmt.Errorf("no store %s", uri)
	})
}

func newMemStore(t testing.TB) (s *memStore, uri string) {
	uri = "mem:" + url.PathEscape(t.Name())
	s = &memStore{trucks: map[string]argos.Truck{}, marks: map[string]map[int32]argos.Mark{}}
	stores.Store(uri, s)
	t.Cleanup(func() { stores.Delete(uri) })
	return s, uri
}

func (s *memStore) check() error {
	if s.down.Load() {
		return errDown
	}
	return nil
}

func (s *memStore) Truck(_ context.Context, id string) (argos.Truck, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.trucks[id]; ok {
		return t, s.check()
	}
	return argos.Truck{}, errors.Join(s.check(), argos.ErrNotFound)
}

func (s *memStore) Trucks(_ context.Context, ids []string) (found []argos.Truck, err error) {
	if s.asked != nil {
		s.asked(ids)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if t, ok := s.trucks[id]; ok {
			found = append(found, t)
		}
	}
	return found, s.check()
}

func (s *memStore) InBox(context.Context, argos.Box, int) ([]argos.Truck, error) { return nil, nil }

func (s *memStore) Totals(context.Context) (argos.Totals, error) { return argos.Totals{}, nil }

func (s *memStore) After(_ context.Context, id string, limit int) (all []argos.Truck, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.trucks {
		if t.ID > id {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b argos.Truck) int { return strings.Compare(a.ID, b.ID) })
	return all[:min(limit, len(all))], s.check()
}

func (s *memStore) Upsert(_ context.Context, ts []argos.Truck) (refused []argos.Refusal, err error) {
	s.upserts.Add(1)
	if s.before != nil {
		s.before(ts)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(); err != nil || s.null {
		return nil, err
	}
	for _, t := range ts {
		old, ok := s.trucks[t.ID]
		if ok && old.Rev >= t.Rev {
			refused = append(refused, argos.Refusal{ID: t.ID, Rev: old.Rev, Pos: old.Pos})
			continue
		}
		if t.Attrs == nil {
			t.Attrs = old.Attrs
		}
		t.Attrs, t.Track = slices.Clone(t.Attrs), slices.Clone(t.Track)
		t.Updated = time.Now().UnixMilli()
		s.trucks[t.ID] = t
	}
	return refused, nil
}

func (s *memStore) Marks(_ context.Context, topic string) (marks []argos.Mark, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.marks[topic] {
		marks = append(marks, m)
	}
	return marks, s.check()
}

func (s *memStore) SetMarks(_ context.Context, marks []argos.Mark) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(); err != nil {
		return err
	}
	for _, m := range marks {
		if s.marks[m.Topic] == nil {
			s.marks[m.Topic] = map[int32]argos.Mark{}
		}
		if old, ok := s.marks[m.Topic][m.Partition]; ok && (old.Epoch > m.Epoch || old.Epoch == m.Epoch && old.Offset >= m.Offset) {
			continue
		}
		s.marks[m.Topic][m.Partition] = m
		s.log = append(s.log, m)
	}
	return nil
}

func (s *memStore) Identity(context.Context) (string, error) {
	return fmt.Sprintf("%p", s), s.check()
}

func (s *memStore) Ping(context.Context) error { return s.check() }
func (s *memStore) Close() error               { return nil }
