package decode

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"argos"
	"argos/wire"
)

func poll(p argos.Part, records ...argos.LogRecord) []byte {
	b := p.Append(nil)
	for _, r := range records {
		b = argos.AppendLogRecord(b, r)
	}
	return b
}

func value(id string, t int64) []byte {
	r := argos.Record{Fix: argos.NewFix(id, 1_700_000_000_000+t, 52, 13), Recv: 1_700_000_000_500 + t}
	return wire.AppendRecord(nil, &r)
}

// truckOf returns an id that belongs to a partition.
func truckOf(partition, partitions, n int) string {
	for i := 0; ; i++ {
		if id := fmt.Sprintf("T-%d-%d", n, i); argos.PartitionOf(id, partitions) == partition {
			return id
		}
	}
}

// taken is what a router emitted for a poll.
type taken struct {
	shards []int64
	parts  []argos.Part
	log    map[string][]int64 // offsets, by truck
	dead   []argos.LogRecord
}

func route(t require, d *Router, partition int64, poll []byte) (out taken) {
	out.log = map[string][]int64{}
	err := d.Poll(partition, poll, func(shard int64, b []byte) {
		var r Reader
		if err := r.Decode(b); err != nil {
			t.Fatalf("decode a part: %v", err)
		}
		out.shards, out.parts = append(out.shards, shard), append(out.parts, r.Part)
		for {
			var rec argos.Record
			i, offset, more, err := r.Next(&rec)
			if err != nil {
				t.Fatalf("next record: %v", err)
			}
			if !more {
				return
			}
			if rec.TruckID != r.IDs[i] || Key(rec.TruckID, d.Shards) != shard {
				t.Fatalf("truck %s, number %d, is in shard %d", rec.TruckID, i, shard)
			}
			out.log[rec.TruckID] = append(out.log[rec.TruckID], offset)
		}
	}, func(p int64, b []byte) {
		part, rest, err := argos.DecodePart(b)
		if err != nil || p != partition {
			t.Fatalf("dead part of partition %d: %v", p, err)
		}
		out.parts = append(out.parts, part)
		for len(rest) > 0 {
			var r argos.LogRecord
			if r, rest, err = argos.DecodeLogRecord(rest); err != nil {
				t.Fatalf("dead letter: %v", err)
			}
			out.dead = append(out.dead, r)
		}
	})
	if err != nil {
		t.Fatalf("poll: %v", err)
	}
	return out
}

type require interface {
	Fatalf(format string, args ...any)
}

func TestAnEmptyPollIsOnePart(t *testing.T) {
	out := route(t, &Router{Partitions: 4, Shards: 4}, 2, poll(argos.Part{Partition: 2, From: 7, To: 9}))
	want := []argos.Part{{Partition: 2, From: 7, To: 9, Index: 0, Of: 1}}
	if !reflect.DeepEqual(out.parts, want) || len(out.dead) != 0 {
		t.Errorf("got %+v and %d letters", out.parts, len(out.dead))
	}
}

func TestGarbageBecomesDeadLetters(t *testing.T) {
	foreign := value(truckOf(1, 4, 0), 0)
	long := []byte(strings.Repeat("x", 2*maxRaw))
	d := &Router{Topic: "t", Partitions: 4, Shards: 8}
	out := route(t, d, 2, poll(argos.Part{Partition: 2, From: 0, To: 6},
		argos.LogRecord{Offset: 0, Time: 5, Value: []byte{0xff, 0x00}},
		argos.LogRecord{Offset: 1, Value: nil},
		argos.LogRecord{Offset: 2, Value: []byte{}},
		argos.LogRecord{Offset: 3, Value: foreign},
		argos.LogRecord{Offset: 4, Value: long},
		argos.LogRecord{Offset: 5, Value: value(truckOf(2, 4, 0), 0)}))
	if len(out.dead) != 5 || len(out.shards) != 1 || len(out.parts) != 2 {
		t.Fatalf("%d letters, %d shards, %d parts", len(out.dead), len(out.shards), len(out.parts))
	}
	for i, l := range out.dead {
		var v struct {
			Error, Topic, Raw       string
			Partition, Offset, Size int64
		}
		if err := json.Unmarshal(l.Value, &v); err != nil {
			t.Fatal(err)
		}
		if v.Error == "" || v.Topic != "t" || v.Partition != 2 || v.Offset != int64(i) || l.Offset != v.Offset || l.Time != 0 || len(v.Raw) > maxRaw {
			t.Errorf("letter %d: %s", i, l.Value)
		}
	}
}

// Whatever a poll holds, its parts are numbered without a gap, and each good record is in one of them, in log order.
func TestPartsHoldThePoll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		partitions := rapid.IntRange(1, 4).Draw(t, "partitions")
		d := &Router{Partitions: partitions, Shards: partitions * rapid.IntRange(0, 3).Draw(t, "shards")}
		offset := int64(0)
		for range rapid.IntRange(1, 4).Draw(t, "polls") {
			partition := rapid.IntRange(0, partitions-1).Draw(t, "partition")
			var records []argos.LogRecord
			good, bad := map[string][]int64{}, 0
			from := offset
			for range rapid.IntRange(0, 12).Draw(t, "records") {
				r := argos.LogRecord{Offset: offset}
				if k := rapid.IntRange(-1, 5).Draw(t, "truck"); k >= 0 {
					id := truckOf(partition, partitions, k)
					r.Value = value(id, offset)
					good[id] = append(good[id], offset)
				} else {
					bad++
				}
				records = append(records, r)
				offset++
			}
			out := route(t, d, int64(partition), poll(argos.Part{Partition: int32(partition), From: from, To: offset}, records...))
			if !reflect.DeepEqual(out.log, good) || len(out.dead) != bad {
				t.Fatalf("got %v and %d letters, want %v and %d", out.log, len(out.dead), good, bad)
			}
			for i, p := range out.parts {
				if int(p.Index) != i || int(p.Of) != len(out.parts) || p.From != from || p.To != offset {
					t.Fatalf("part %d of %d is %+v", i, len(out.parts), p)
				}
			}
		}
	})
}

// A payload gives back what was put in, to the bit.
func TestPayloadRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		quantity := rapid.OneOf(rapid.Just(math.NaN()), rapid.Float64Range(-1e6, 1e6))
		var w Writer
		ids := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,64}`), 1, 5, rapid.ID[string]).Draw(t, "ids")
		for _, id := range ids {
			w.Truck(id)
		}
		var want []argos.Record
		var trucks []int
		for range rapid.IntRange(0, 10).Draw(t, "records") {
			i := rapid.IntRange(0, len(ids)-1).Draw(t, "truck")
			r := argos.Record{
				Fix:  argos.NewFix(ids[i], rapid.Int64().Draw(t, "time"), quantity.Draw(t, "lat"), quantity.Draw(t, "lon")),
				Recv: rapid.Int64().Draw(t, "recv"), Recorded: rapid.Bool().Draw(t, "recorded"),
			}
			for _, q := range optional(&r.Fix) {
				*q = quantity.Draw(t, "quantity")
			}
			r.Valid, r.Seq = rapid.Bool().Draw(t, "valid"), rapid.Int64().Draw(t, "seq")
			if rapid.Bool().Draw(t, "attrs") {
				r.Attrs = []byte(`{"a":1}`)
			}
			w.Add(uint32(i), int64(len(want)), &r)
			want, trucks = append(want, r), append(trucks, i)
		}
		part := argos.Part{Partition: 3, Epoch: 1, From: 5, To: 50, Index: 1, Of: 2}
		var r Reader
		if err := r.Decode(w.Append(nil, part)); err != nil || r.Part != part || r.Records() != len(want) {
			t.Fatalf("part %+v with %d records: %v", r.Part, r.Records(), err)
		}
		for i := range want {
			var got argos.Record
			truck, offset, more, err := r.Next(&got)
			if err != nil || !more || truck != trucks[i] || offset != int64(i) {
				t.Fatalf("record %d: truck %d, offset %d, %v, %v", i, truck, offset, more, err)
			}
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want[i]) {
				t.Fatalf("record %d\n got %+v\nwant %+v", i, got, want[i])
			}
		}
		if _, _, more, err := r.Next(new(argos.Record)); more || err != nil {
			t.Fatalf("after the last: %v, %v", more, err)
		}
	})
}

func FuzzPayload(f *testing.F) {
	var w Writer
	r := argos.Record{Fix: argos.NewFix("T-1", 1, 2, 3)}
	r.Attrs, r.Speed = []byte(`{"a":1}`), 3
	w.Add(w.Truck("T-1"), 9, &r)
	f.Add(w.Append(nil, argos.Part{From: 9, To: 10, Of: 1}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r Reader
		if r.Decode(b) != nil {
			return
		}
		var again Writer
		for _, id := range r.IDs {
			again.Truck(id)
		}
		for {
			var rec argos.Record
			i, offset, more, err := r.Next(&rec)
			if err != nil {
				return
			}
			if !more {
				break
			}
			again.Add(uint32(i), offset, &rec)
		}
		trucks, records := len(r.IDs), again.records
		if err := r.Decode(again.Append(nil, r.Part)); err != nil || len(r.IDs) != trucks || r.Records() != int(records) {
			t.Fatalf("what was read and written again has %d trucks and %d records, not %d and %d: %v", len(r.IDs), r.Records(), trucks, records, err)
		}
	})
}

func FuzzPoll(f *testing.F) {
	f.Add(poll(argos.Part{From: 1, To: 3}, argos.LogRecord{Offset: 1, Value: value("T-1", 0)}, argos.LogRecord{Offset: 2}))
	f.Add([]byte("garbage"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := &Router{Partitions: 1, Shards: 2}
		n, of := 0, int32(0)
		err := d.Poll(0, b, func(_ int64, b []byte) { p, _, _ := argos.DecodePart(b); n, of = n+1, p.Of },
			func(_ int64, b []byte) { p, _, _ := argos.DecodePart(b); n, of = n+1, p.Of })
		if err == nil && (n == 0 || int(of) != n) {
			t.Errorf("%d of %d parts", n, of)
		}
	})
}

func BenchmarkPoll(b *testing.B) {
	const n = 5000
	p := argos.Part{From: 0, To: n}.Append(nil)
	for i := range n {
		p = argos.AppendLogRecord(p, argos.LogRecord{Offset: int64(i), Value: value(truckOf(0, 8, i%1250), int64(i))})
	}
	d := &Router{Partitions: 8, Shards: 8}
	drop := func(int64, []byte) {}
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Poll(0, p, drop, drop); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "fixes/s")
}
