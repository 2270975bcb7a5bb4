package audit

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/transforms/track"
	"argos/wire"
)

// document is a stored document and what its log says of it so far.
type document struct {
	argos.Truck
	reached bool   // the fold has come to the document's place in the log
	differs string // the first field in which the fold is another there
	behind  int64  // the offset of a record that the mark says is stored, but the document lacks; -1: none
}

// life is a truck's fold so far.
type life struct {
	track track.Track
	attrs []byte
	first int64 // offset of the first record
}

type fold struct {
	*Report
	claims claims
	stored map[string]*document
	shown  func(*argos.Record, *track.Track)

	ranges    []cluster.Range  // of the log, by partition
	holes     map[int32][]hole // the first few of a partition
	truncated map[int32]bool   // partitions whose start retention has taken
	missing   map[string]int64
	parser    wire.Parser
}

func (f *fold) log(ctx context.Context, kafka cluster.Config, topic string, marks []argos.Mark) error {
	ranges, err := kafkaio.Offsets(ctx, kafka, topic)
	if err != nil {
		return err
	}
	at := map[int32]argos.Mark{}
	for _, m := range marks {
		at[m.Partition] = m
	}
	f.ranges, f.holes = ranges, map[int32][]hole{}
	f.truncated, f.missing = map[int32]bool{}, map[string]int64{}
	for _, d := range f.stored {
		d.behind = -1
	}
	for p, r := range ranges {
		mark := at[int32(p)]
		f.truncated[int32(p)] = r.First > 0 || mark.Epoch > 0
		if err := f.partition(ctx, kafka, topic, p, len(ranges), r, mark); err != nil {
			return fmt.Errorf("partition %d: %w", p, err)
		}
	}
	return nil
}

func (f *fold) partition(ctx context.Context, kafka cluster.Config, topic string, p, partitions int, r cluster.Range, mark argos.Mark) error {
	lives := map[string]*life{} // a truck lives in one partition
	next := r.First
	defer func() { f.skipped(int32(p), next, r.Last) }()
	return kafkaio.Scan(ctx, kafka, topic, p, r.First, r.Last, func(lr argos.LogRecord) error {
		f.InLog++
		f.skipped(int32(p), next, lr.Offset)
		next = lr.Offset + 1
		rec, ours := f.read(lr, p, partitions)
		if !ours {
			return nil
		}
		f.find(claim{rec.TruckID, rec.Seq})
		l := lives[rec.TruckID]
		if l == nil {
			l = &life{first: lr.Offset}
			lives[rec.TruckID] = l
		}
		pos := argos.Pos{Epoch: mark.Epoch, Partition: int32(p), Next: lr.Offset + 1}
		l.track.Fold(rec, pos)
		if rec.Attrs != nil {
			l.attrs = bytes.Clone(rec.Attrs)
		}
		if f.shown != nil {
			f.shown(rec, &l.track)
		}
		f.compare(rec.TruckID, l, pos, mark)
		return nil
	})
}

// find notes that a sender's fix is in the log.
func (f *fold) find(c claim) {
	known, ours := f.claims[c]
	switch {
	case !ours:
	case known.inLog:
		f.Resent++
	default:
		known.inLog = true
		f.claims[c] = known
	}
}

// read understands a record. What is not ours is a foreign producer's: the pipeline dead-letters it.
func (f *fold) read(lr argos.LogRecord, p, partitions int) (rec *argos.Record, ours bool) {
	rec = &argos.Record{}
	ours = lr.Value != nil && f.parser.Record(lr.Value, rec) == nil && argos.PartitionOf(rec.TruckID, partitions) == p
	return rec, ours
}

// compare judges a document at its own place in the log, and notes what lies behind the mark but beyond the document.
func (f *fold) compare(id string, l *life, pos argos.Pos, mark argos.Mark) {
	d := f.stored[id]
	if d == nil {
		f.Pending++
		if _, noted := f.missing[id]; !noted && pos.Next <= mark.Offset {
			f.missing[id] = pos.Next - 1
		}
		return
	}
	switch c := pos.Compare(d.Pos); {
	case c == 0:
		want := argos.Truck{ID: id, Attrs: l.attrs}
		l.track.Fill(&want)
		d.reached, d.differs = true, difference(&d.Truck, &want)
	case c > 0:
		f.Pending++
		if d.behind < 0 && pos.Next <= mark.Offset {
			d.behind = pos.Next - 1
		}
	}
}

// judge turns what the fold has seen into the verdict.
func (f *fold) judge() {
	for _, id := range slices.Sorted(maps.Keys(f.stored)) {
		d := f.stored[id]
		switch {
		case f.truncated[d.Pos.Partition] || d.Pos.Epoch > 0:
			f.Unauditable++
			f.problem("truck %s, offset %d of partition %d: the start of its log is gone, so its document can't be judged", id, d.Pos.Next-1, d.Pos.Partition)
		case !d.reached:
			f.Diverged++
			f.problem("truck %s, offset %d of partition %d: the log holds no such record of this truck, but its document claims it%s",
				id, d.Pos.Next-1, d.Pos.Partition, f.without(d.Pos.Partition, d.Pos.Next))
		case d.differs != "":
			f.Diverged++
			f.problem("truck %s, offset %d of partition %d: stored %s, which the log does not fold into%s",
				id, d.Pos.Next-1, d.Pos.Partition, d.differs, f.without(d.Pos.Partition, d.Pos.Next))
		case d.behind >= 0:
			f.Diverged++
			f.problem("truck %s, offset %d of partition %d: below the mark, but its document has not folded it", id, d.behind, d.Pos.Partition)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.missing)) {
		f.Diverged++
		f.problem("truck %s, offset %d: below the mark, but there is no document", id, f.missing[id])
	}
	for c, known := range f.claims {
		if known.inLog || !known.acked {
			continue
		}
		p := int32(argos.PartitionOf(c.truck, len(f.ranges)))
		if f.truncated[p] {
			f.Unauditable++
			f.problem("truck %s, seq %d, ts %d: acknowledged, and not in what retention has left of partition %d", c.truck, c.seq, known.ts, p)
			continue
		}
		f.Lost++
		f.problem("truck %s, seq %d, ts %d: acknowledged, but not in the log: partition %d, read from offset %d to %d%s",
			c.truck, c.seq, known.ts, p, f.ranges[p].First, f.ranges[p].Last-1, f.without(p, f.ranges[p].Last))
	}
}

// difference names the first field in which two documents differ, bit for bit; "" when there is none.
func difference(got, want *argos.Truck) string {
	ints := [...]struct {
		name      string
		got, want int64
	}{
		{"rev", got.Rev, want.Rev},
		{"pos.epoch", int64(got.Pos.Epoch), int64(want.Pos.Epoch)},
		{"pos.partition", int64(got.Pos.Partition), int64(want.Pos.Partition)},
		{"pos.offset", got.Pos.Next, want.Pos.Next},
		{"time", got.Time, want.Time},
		{"recv", got.Recv, want.Recv},
		{"status", int64(got.Status), int64(want.Status)},
		{"fixes", got.Fixes, want.Fixes},
		{"duplicates", got.Duplicates, want.Duplicates},
		{"late", got.Late, want.Late},
		{"rejected", got.Rejected, want.Rejected},
	}
	for _, x := range ints {
		if x.got != x.want {
			return fmt.Sprintf("%s %d instead of %d", x.name, x.got, x.want)
		}
	}
	floats := [...]struct {
		name      string
		got, want float64
	}{
		{"lat", got.Lat, want.Lat},
		{"lon", got.Lon, want.Lon},
		{"raw.lat", got.Raw.Lat, want.Raw.Lat},
		{"raw.lon", got.Raw.Lon, want.Raw.Lon},
		{"speed", got.Speed, want.Speed},
		{"heading", got.Heading, want.Heading},
		{"accuracy", got.Accuracy, want.Accuracy},
	}
	for _, x := range floats {
		if x.got != x.want && !(math.IsNaN(x.got) && math.IsNaN(x.want)) {
			return fmt.Sprintf("%s %v instead of %v", x.name, x.got, x.want)
		}
	}
	switch {
	case !bytes.Equal(got.Attrs, want.Attrs):
		return fmt.Sprintf("attrs %s instead of %s", got.Attrs, want.Attrs)
	case !bytes.Equal(got.Track, want.Track):
		return "a packed track of other bytes"
	}
	return ""
}
