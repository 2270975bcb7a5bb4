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
	three := append(slices.Clone(two), cluster.Range{First: 0, Last: 0})
	for _, c := range []struct {
		name    string
		cfg     Config
		marks   []argos.Mark
		log     []cluster.Range
		epoch   int32
		offsets []int64
		refused string // a step that the error names
	}{
		{name: "nothing stored yet", log: two, offsets: []int64{5, 0}},
		{name: "in the middle", marks: []argos.Mark{mark(0, 0, 40), mark(1, 0, 50)}, log: two, offsets: []int64{40, 50}},
		{name: "retention has taken the mark's place", marks: []argos.Mark{mark(0, 0, 1), mark(1, 0, 0)}, log: two, offsets: []int64{1, 0}},
		{name: "an older epoch's marks are history", marks: []argos.Mark{mark(0, 2, 40), mark(1, 2, 7), mark(2, 1, 9)}, log: two, epoch: 2, offsets: []int64{40, 7}},
		{name: "above the end", marks: []argos.Mark{mark(0, 0, 101), mark(1, 0, 0)}, log: two, refused: "--new-epoch"},
		{name: "above the end, as wanted", cfg: Config{NewEpoch: true}, marks: []argos.Mark{mark(0, 3, 101), mark(1, 3, 0)}, log: two, epoch: 4, offsets: []int64{5, 0}},
		{name: "fewer partitions", marks: []argos.Mark{mark(0, 0, 5), mark(1, 0, 0), mark(2, 0, 0)}, log: two, refused: "--new-epoch"},
		{name: "more partitions", marks: []argos.Mark{mark(0, 0, 100), mark(1, 0, 50)}, log: three, refused: "--accept-partitions"},
		{name: "more partitions, drained and accepted", cfg: Config{AcceptPartitions: true}, marks: []argos.Mark{mark(0, 0, 100), mark(1, 0, 50)}, log: three, epoch: 1, offsets: []int64{100, 50, 0}},
		{name: "more partitions, accepted and not drained", cfg: Config{AcceptPartitions: true}, marks: []argos.Mark{mark(0, 0, 100), mark(1, 0, 49)}, log: three, refused: "drained"},
		{name: "more partitions, accepted by a start that was cut off", cfg: Config{AcceptPartitions: true}, marks: []argos.Mark{mark(0, 1, 100), mark(1, 0, 50)}, log: three, refused: "cut off"},
		{name: "accepted without need", cfg: Config{AcceptPartitions: true}, marks: []argos.Mark{mark(0, 0, 40), mark(1, 0, 50)}, log: two, offsets: []int64{40, 50}},
	} {
		c.cfg.Topic = "t"
		got, err := begin(c.cfg, c.marks, c.log)
		if c.refused != "" {
			if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil || got.epoch != c.epoch || !slices.Equal(got.offsets, c.offsets) {
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		}
	}
}
