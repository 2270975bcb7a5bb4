package pipelines

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"argos"
	"argos/cluster"
)

func TestBegin(t *testing.T) {
	mark := func(partition, epoch int32, offset int64) argos.Mark {
		return argos.Mark{Topic: "t", Partition: partition, Epoch: epoch, Offset: offset}
	}
	two := []cluster.Range{{First: 5, Last: 100}, {First: 0, Last: 50}}
	three := append(slices.Clone(two), cluster.Range{First: 3, Last: 3})
	twoOf := []cluster.Layout{{Partitions: 2}}
	threeOf := append(slices.Clone(twoOf), cluster.Layout{Partitions: 3, Starts: []int64{95, 50, 0}})
	for _, c := range []struct {
		name    string
		cfg     Config
		marks   []argos.Mark
		known   []cluster.Layout // nil: none were written down
		log     []cluster.Range
		epoch   int32
		offsets []int64
		next    []int64
		refused string // a step that the error names
	}{
		{name: "nothing stored yet", log: two, offsets: []int64{5, 0}},
		{
			name: "in the middle", marks: []argos.Mark{mark(0, 0, 40), mark(1, 0, 50)},
			log: two, offsets: []int64{40, 50},
		},
		{
			name: "retention has taken the mark's place", marks: []argos.Mark{mark(0, 0, 1), mark(1, 0, 0)},
			log: two, offsets: []int64{1, 0},
		},
		{
			name:  "an older epoch's marks are history",
			marks: []argos.Mark{mark(0, 2, 40), mark(1, 2, 7), mark(2, 1, 9)},
			log:   two, epoch: 2, offsets: []int64{40, 7},
		},
		{name: "above the end", marks: []argos.Mark{mark(0, 0, 101), mark(1, 0, 0)}, log: two, refused: "--new-epoch"},
		{
			name: "above the end, as wanted", cfg: Config{NewEpoch: true},
			marks: []argos.Mark{mark(0, 3, 101), mark(1, 3, 0)}, log: two, epoch: 4, offsets: []int64{5, 0},
		},
		{
			name: "fewer partitions", marks: []argos.Mark{mark(0, 0, 5), mark(1, 0, 0), mark(2, 0, 0)},
			log: two, refused: "--new-epoch",
		},
		{
			name: "more partitions", marks: []argos.Mark{mark(0, 0, 100), mark(1, 0, 50)},
			log: three, refused: "--accept-partitions",
		},
		{
			name: "more partitions, drained and accepted", cfg: Config{AcceptPartitions: true},
			marks: []argos.Mark{mark(0, 0, 100), mark(1, 0, 50)},
			log:   three, offsets: []int64{100, 50}, next: []int64{100, 50, 3},
		},
		{
			name: "more partitions, accepted under lag", cfg: Config{AcceptPartitions: true},
			marks: []argos.Mark{mark(0, 0, 90), mark(1, 0, 49)},
			log:   three, offsets: []int64{90, 49}, next: []int64{100, 50, 3},
		},
		{
			name: "more partitions, accepted before anything was stored", cfg: Config{AcceptPartitions: true},
			known: twoOf, log: three, offsets: []int64{5, 0}, next: []int64{100, 50, 3},
		},
		{name: "more partitions, and nothing stored", known: twoOf, log: three, refused: "--accept-partitions"},
		{
			name:  "more partitions, written down by a gateway that knew no better",
			marks: []argos.Mark{mark(0, 0, 90), mark(1, 0, 49)}, known: threeOf[1:],
			log: three, refused: "--accept-partitions",
		},
		{
			name: "accepted, and not stored yet", marks: []argos.Mark{mark(0, 0, 90), mark(1, 0, 49)},
			known: threeOf, log: three, offsets: []int64{90, 49}, next: []int64{95, 50, 0},
		},
		{
			name: "accepted, and stored", marks: []argos.Mark{mark(0, 1, 97), mark(1, 1, 50), mark(2, 1, 3)},
			known: threeOf, log: three, epoch: 1, offsets: []int64{97, 50, 3},
		},
		{
			name: "a new store of a topic that has grown", known: threeOf,
			log: three, offsets: []int64{5, 0}, next: []int64{95, 50, 0},
		},
		{
			name:  "a step that was cut off at its beginning",
			marks: []argos.Mark{mark(0, 0, 95), mark(1, 0, 50), mark(2, 1, 0)}, known: threeOf,
			log: three, offsets: []int64{95, 50}, next: []int64{95, 50, 0},
		},
		{
			name:  "a step that was cut off in the middle",
			marks: []argos.Mark{mark(0, 1, 95), mark(1, 0, 50), mark(2, 1, 0)}, known: threeOf,
			log: three, epoch: 1, offsets: []int64{95, 50, 0},
		},
		{
			name: "a first start that was cut off", marks: []argos.Mark{mark(1, 0, 0)}, known: twoOf,
			log: two, offsets: []int64{5, 0},
		},
		{
			name: "a new epoch that was cut off", marks: []argos.Mark{mark(1, 1, 0), mark(0, 0, 90)},
			known: twoOf, log: two, refused: "cut off",
		},
		{
			name: "accepted without need", cfg: Config{AcceptPartitions: true},
			marks: []argos.Mark{mark(0, 0, 40), mark(1, 0, 50)}, log: two, offsets: []int64{40, 50},
		},
	} {
		c.cfg.Topic = "t"
		got, _, err := begin(c.cfg, c.marks, c.known, c.log)
		if c.refused != "" {
			if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		same := got.epoch == c.epoch && slices.Equal(got.offsets, c.offsets) && slices.Equal(got.next, c.next)
		if err != nil || !same {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
	}
}
