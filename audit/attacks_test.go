package audit_test

import (
	"bytes"
	"fmt"
	"testing"

	"argos"
	"argos/audit"
	"argos/ledger"

	kafka "github.com/segmentio/kafka-go"
)

// Other ways to make an audit pass that should not.
func TestAttacks(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*testing.T, *world)
		fail func(*audit.Report) bool
		says string
	}{
		"a rev that no records make": {
			func(t *testing.T, w *world) { w.replace(t, "T-2", func(d *argos.Truck) { d.Rev++; d.Fixes++ }) },
			diverged(1), "rev 41, but the log has 40 records",
		},
		"counts that do not add up": {
			func(t *testing.T, w *world) { w.replace(t, "T-2", func(d *argos.Truck) { d.Late++ }) },
			diverged(1), "rev 40, but counts of",
		},
		"a raw position of another record": {
			func(t *testing.T, w *world) { w.replace(t, "T-2", func(d *argos.Truck) { d.Raw.Lon += 1e-6 }) },
			diverged(1), "but the record there has",
		},
		"a recv of another record": {
			func(t *testing.T, w *world) { w.replace(t, "T-2", func(d *argos.Truck) { d.Recv++ }) },
			diverged(1), "but the record there has",
		},
		"another truck's document": {
			func(t *testing.T, w *world) {
				other := w.docs["T-1"]
				w.replace(t, "T-2", func(d *argos.Truck) { other.ID = d.ID; *d = other })
			},
			diverged(1), "truck T-2",
		},
		"documents of two partitions swapped": {
			func(t *testing.T, w *world) {
				for _, id := range []string{"T-0", "T-1", "T-2", "T-3", "T-4", "T-5"} {
					w.docs[id] = moved(w.docs[id])
				}
				w.rebuild(t, func(*argos.Truck) bool { return true }, w.stored(t))
			},
			diverged(trucks), "the truck belongs to partition",
		},
		"an older document": {
			func(t *testing.T, w *world) {
				old := w.docs["T-2"]
				old.Track = bytes.Clone(old.Track)
				w.grow(t, 60)
				w.replace(t, "T-2", func(d *argos.Truck) { *d = old })
			},
			diverged(1), "below the mark, but its document has not folded it",
		},
		"a mark above the log's end": {
			func(t *testing.T, w *world) {
				marks := w.stored(t)
				marks[1].Offset += 1000
				w.marks(t, marks...)
			},
			badMarks(1), "above the log's end",
		},
		"a mark taken away": {
			func(t *testing.T, w *world) {
				marks := w.stored(t)
				w.rebuild(t, func(d *argos.Truck) bool { return argos.PartitionOf(d.ID, 3) != 2 }, marks[:2])
			},
			badMarks(1), "partition 2 has no mark",
		},
		"a mark of another record": {
			func(t *testing.T, w *world) {
				marks := w.stored(t)
				marks[argos.PartitionOf("T-1", 3)].Time = 5
				w.marks(t, marks...)
			},
			badMarks(1), "is of a record of 1970",
		},
		"marks put back, and documents taken away": {
			func(t *testing.T, w *world) {
				w.rebuild(t, func(d *argos.Truck) bool { return d.ID != "T-3" }, zero())
			},
			func(r *audit.Report) bool { return r.Pending == each }, "40 records are pending",
		},
		"a fix under the name of another truck": {
			func(t *testing.T, w *world) {
				sent := another("T-1", 500_000)
				w.entry(t, &sent.Fix, ledger.Acked)
				other := *sent
				other.TruckID = "T-2"
				w.log(t, &other)
			},
			func(r *audit.Report) bool { return r.Lost == 1 }, "truck T-1, seq 500000",
		},
		"acked fixes in the partition of others": {
			func(t *testing.T, w *world) {
				sent := another("T-1", 500_000)
				w.entry(t, &sent.Fix, ledger.Acked)
				w.produceIn(t, (argos.PartitionOf("T-1", 3)+1)%3, sent)
			},
			func(r *audit.Report) bool { return r.Lost == 1 }, "truck T-1, seq 500000",
		},
		"garbage below the mark without its dead letter": {
			func(t *testing.T, w *world) { w.garbage(t, 1) },
			func(r *audit.Report) bool { return r.MissingLetters == 1 && r.Diverged == 0 },
			"but " + argos.DeadLetterTopic + " has no dead letter of it",
		},
		"a fix in the partition of others, stored by nobody": {
			func(t *testing.T, w *world) {
				p := (argos.PartitionOf("T-1", 3) + 1) % 3
				w.produceIn(t, p, another("T-1", 500_000))
				w.ends[p]++
				w.restore(t)
			},
			func(r *audit.Report) bool { return r.MissingLetters == 1 }, "no fix, and below the mark",
		},
		"garbage that nobody has come to": {
			func(t *testing.T, w *world) { w.garbage(t, 1); w.ends[1]--; w.restore(t) },
			func(r *audit.Report) bool { return r.Pending == 1 && r.MissingLetters == 0 }, "1 records are pending",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.play(t, w)
			if r := w.audit(t); r.Clean() || !c.fail(r) || !says(r, c.says) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func diverged(n int64) func(*audit.Report) bool {
	return func(r *audit.Report) bool { return r.Diverged == n && r.Lost+r.BadMarks == 0 }
}

func badMarks(n int64) func(*audit.Report) bool {
	return func(r *audit.Report) bool { return r.BadMarks == n && r.Diverged == 0 }
}

func moved(d argos.Truck) argos.Truck {
	d.Pos.Partition = (d.Pos.Partition + 1) % 3
	return d
}

func (w *world) produceIn(t *testing.T, partition int, r *argos.Record) {
	t.Helper()
	w.produce(t, partition, kafka.Record{Value: kafka.NewBytes(wireOf(r))})
}

// garbage is a record that is none, below the mark.
func (w *world) garbage(t *testing.T, partition int) {
	t.Helper()
	w.produce(t, partition, kafka.Record{Value: kafka.NewBytes([]byte("garbage"))})
	w.ends[partition]++
	w.restore(t)
}

// A topic that was begun anew owes the letters of what is no fix, too; of a fix in another truck's partition nobody can
// tell, for the topic may have grown before its layouts were written down.
func TestDeadLettersOfALaterEpoch(t *testing.T) {
	w := newWorldOf(t, 0)
	w.epoch = 1
	w.grow(t, trucks*each)
	w.garbage(t, 1)
	if r := w.audit(t); r.MissingLetters != 1 || r.Unauditable != 0 || r.Clean() {
		t.Errorf("garbage: %+v", r)
	}
	p := (argos.PartitionOf("T-1", 3) + 1) % 3
	w.produceIn(t, p, another("T-1", 500_000))
	w.ends[p]++
	w.restore(t)
	if r := w.audit(t); r.MissingLetters != 1 || r.Unauditable != 1 || !says(r, "it may have belonged here") {
		t.Errorf("and a fix of another partition: %+v", r)
	}
}

// What the pipeline could not read has its dead letter, of just this record.
func TestDeadLetters(t *testing.T) {
	w := newWorld(t)
	w.garbage(t, 1)
	letter := func(topic string, offset, size int64) string {
		return fmt.Sprintf(
			`{"error":"x","topic":%q,"partition":1,"offset":%d,"size":%d,"raw":"garbage"}`,
			topic,
			offset,
			size,
		)
	}
	at := w.ends[1] - 1
	w.createTopic(t, argos.DeadLetterTopic)
	for _, other := range []string{
		letter("elsewhere", at, 7), letter(argos.Topic, at-1, 7), letter(argos.Topic, at, 9),
		`{"error":"a gateway's"}`, "x",
	} {
		w.produceTo(t, argos.DeadLetterTopic, kafka.Record{Value: kafka.NewBytes([]byte(other))})
	}
	if r := w.audit(t); r.MissingLetters != 1 {
		t.Errorf("letters of others: %+v", r)
	}
	w.produceTo(t, argos.DeadLetterTopic, kafka.Record{Value: kafka.NewBytes([]byte(letter(argos.Topic, at, 7)))})
	if r := w.audit(t); !r.Clean() || r.InLog != trucks*each+1 {
		t.Errorf("its own: %+v", r)
	}
}
