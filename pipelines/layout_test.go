package pipelines

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"argos"
	"argos/cluster"
)

// Whatever cuts the way through the layouts off, at any write of a store that does half of a call, each record is stored once, by its
// own layout, and after all that its truck's old partition held.
func TestLayoutsAreReadInTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		random := rand.New(rand.NewPCG(seed, 1))
		m := &layoutModel{marks: map[int32]argos.Mark{}, log: make([]cluster.Range, 1+random.IntN(3)), random: random}
		m.write()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			cfg := Config{Topic: "t"}
			if random.IntN(6) == 0 && len(m.log) < 12 {
				for range 1 + random.IntN(2) {
					m.log = append(m.log, cluster.Range{})
				}
				cfg.AcceptPartitions = true
			}
			if err := m.run(cfg); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 { // undisturbed
			m.whole = true
			if err := m.run(Config{Topic: "t"}); err != nil {
				t.Fatal(err)
			}
		}
		for p, r := range m.log {
			if got := m.marks[int32(p)]; got.Offset != r.Last {
				t.Fatalf("partition %d is stored to %d of %d", p, got.Offset, r.Last)
			}
		}
	})
}

// layoutModel is a store and a log of which only the offsets matter.
type layoutModel struct {
	marks  map[int32]argos.Mark
	known  []cluster.Layout
	log    []cluster.Range
	read   []int64 // by partition, up to where it was ever read
	random *rand.Rand
	whole  bool // nothing is cut off
}

func (m *layoutModel) write() {
	for p := range m.log {
		m.log[p].Last += int64(m.random.IntN(4))
	}
}

// set is SetMarks; false: it was cut off, after some in any order.
func (m *layoutModel) set(marks []argos.Mark) bool {
	for _, i := range m.random.Perm(len(marks)) {
		if !m.whole && m.random.IntN(12) == 0 {
			return false
		}
		was, is := m.marks[marks[i].Partition], marks[i]
		if is.Epoch > was.Epoch || is.Epoch == was.Epoch && is.Offset >= was.Offset {
			m.marks[is.Partition] = is
		}
	}
	return true
}

func (m *layoutModel) setInTurn(s start, old int) bool {
	marks := s.inTurn("t", old)
	return m.set(marks[0]) && m.set(marks[1])
}

// run is a start of the pipeline, which stores some of what it finds.
func (m *layoutModel) run(cfg Config) error {
	var marks []argos.Mark
	for _, mark := range m.marks {
		marks = append(marks, mark)
	}
	from, known, err := begin(cfg, marks, m.known, m.log)
	if err != nil {
		return err
	}
	m.known = known
	if !m.setInTurn(from, len(from.offsets)-1) {
		return nil
	}
	m.read = append(m.read, make([]int64, len(m.log)-len(m.read))...)
	if from.next == nil {
		m.write()
	}
	now := slices.Clone(from.offsets)
	for p := range now {
		end := m.log[p].Last
		if from.next != nil {
			end = from.next[p]
		}
		if now[p] > m.read[p] {
			return fmt.Errorf("partition %d was read to %d, and begins at %d", p, m.read[p], now[p])
		}
		if left := end - now[p]; left > 0 {
			if !m.whole {
				left = m.random.Int64N(left + 1)
			}
			now[p] += left
		}
		m.read[p] = max(m.read[p], now[p])
	}
	stored := start{epoch: from.epoch, offsets: now}
	if m.set(stored.marks("t")) && from.next != nil && behind(now, from.until()) == 0 {
		m.setInTurn(from.step(now), len(now))
	}
	return nil
}
