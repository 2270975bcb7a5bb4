package audit_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"argos"
	"argos/audit"
	"argos/cluster"
	"argos/ledger"
)

// relay lets the topic grow, and the pipeline accept that.
func (w *world) relay(t *testing.T, partitions int) {
	t.Helper()
	w.addPartitions(t, int32(partitions))
	w.client = clientOf(w.config.Kafka.Brokers[0]) // clients remember what they have seen of a topic
	w.ends = append(w.ends, make([]int64, partitions-len(w.ends))...)
	was := w.layouts
	if w.layouts == nil {
		w.layouts = []cluster.Layout{{Partitions: 3}}
	}
	w.layouts = append(slices.Clone(w.layouts), cluster.Layout{Partitions: partitions, Starts: slices.Clone(w.ends)})
	if err := w.config.Kafka.SetLayouts(t.Context(), argos.Topic, was, w.layouts); err != nil {
		t.Fatal(err)
	}
	w.epoch++
	w.restore(t)
}

// grown is a world whose topic has grown twice, in mid-load.
func grown(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	for _, partitions := range []int{5, 8} {
		w.relay(t, partitions)
		w.grow(t, day)
	}
	return w
}

// A topic that has grown is folded by its layouts in turn: documents of trucks that lived in several are recomputed,
// and nothing can't be judged.
func TestAGrownTopic(t *testing.T) {
	w := grown(t)
	if r := w.audit(t); !r.Clean() || r.InLog != trucks*each+2*day ||
		r.Documents != trucks || r.Acked != r.InLog {
		t.Fatalf("%+v", r)
	}
	w.replace(t, "T-3", func(d *argos.Truck) { d.Lat += 1e-13 })
	if r := w.audit(t); r.Clean() || r.Diverged != 1 || !says(r, "truck T-3, offset") {
		t.Fatalf("altered: %+v", r)
	}
}

// A topic that has grown refuses an audit while nobody has accepted its partitions.
func TestAGrownTopicThatIsNotAccepted(t *testing.T) {
	w := newWorld(t)
	if err := w.config.Kafka.SetLayouts(t.Context(), argos.Topic, nil, []cluster.Layout{{Partitions: 3}}); err != nil {
		t.Fatal(err)
	}
	w.addPartitions(t, 6)
	if err := w.ledger.Flush(); err != nil {
		t.Fatal(err)
	}
	r, err := audit.Run(t.Context(), w.config)
	if err == nil || !strings.Contains(err.Error(), "the last accepted layout has 3") {
		t.Fatalf("%+v, %v", r, err)
	}
}

// An audit goes on from one of the time before the topic grew, and from one of the time after.
func TestAGrownTopicGoesOn(t *testing.T) {
	w := newWorld(t)
	w.config.State = filepath.Join(t.TempDir(), "state")
	clean := func(new int64) {
		t.Helper()
		if r := w.audit(t); !r.Clean() || r.InLog != new || r.Documents != trucks || r.Trusted != 0 {
			t.Fatalf("%+v", r)
		}
	}
	clean(trucks * each)
	w.grow(t, day)
	w.relay(t, 5)
	w.grow(t, day)
	clean(2 * day)
	clean(0)
	w.relay(t, 8)
	clean(0)
	w.grow(t, day)
	clean(day)
	w.config.State = ""
	clean(trucks*each + 3*day)
}

// What is wrong in an old layout is found as well as in the new one, with the last audit's state and without.
func TestWhatIsWrongInAGrownTopic(t *testing.T) {
	mover := "" // moves between partitions that the old layout has, too
	for i := 0; mover == ""; i++ {
		id := fmt.Sprint("mover-", i)
		if p := argos.PartitionOf(id, 5); p < 3 && p != argos.PartitionOf(id, 3) {
			mover = id
		}
	}
	for name, c := range map[string]struct {
		before func(*testing.T, *world) // the topic grows
		after  func(*testing.T, *world)
		fail   func(*audit.Report) bool
		says   string
	}{
		"an acked fix of the old layout is nowhere": {
			before: func(t *testing.T, w *world) { w.entry(t, &another("T-1", 500_000).Fix, ledger.Acked) },
			fail:   func(r *audit.Report) bool { return r.Lost == 1 && r.Diverged == 0 },
			says:   "truck T-1, seq 500000",
		},
		"an acked fix is in the log where its truck lived only later": {
			before: func(t *testing.T, w *world) {
				sent := another(mover, 500_000)
				w.entry(t, &sent.Fix, ledger.Acked)
				w.produceIn(t, argos.PartitionOf(mover, 5), sent)
				w.ends[argos.PartitionOf(mover, 5)]++
			},
			fail: func(r *audit.Report) bool { return r.Lost == 1 && r.MissingLetters == 1 && r.Diverged == 0 },
			says: mover + ", seq 500000",
		},
		"an acked fix is in the log where its truck lived only before": {
			after: func(t *testing.T, w *world) {
				sent := another(mover, 500_000)
				w.entry(t, &sent.Fix, ledger.Acked)
				w.produceIn(t, argos.PartitionOf(mover, 3), sent)
				w.ends[argos.PartitionOf(mover, 3)]++
				w.restore(t)
			},
			fail: func(r *audit.Report) bool { return r.Lost == 1 && r.MissingLetters == 1 && r.Diverged == 0 },
			says: mover + ", seq 500000",
		},
		"a record of the old layout that no document has": {
			before: func(t *testing.T, w *world) {
				w.log(t, another("T-2", 500_000))
				w.ends[argos.PartitionOf("T-2", 3)]++
			},
			fail: func(r *audit.Report) bool { return r.Diverged == 1 && r.Lost == 0 },
			says: "rev 50, but the log has 51 records",
		},
		"a record of the old layout of a truck without a document": {
			before: func(t *testing.T, w *world) {
				w.log(t, another(newcomer(1), 500_000))
				w.ends[1]++
			},
			fail: func(r *audit.Report) bool { return r.Diverged == 1 && r.Lost == 0 },
			says: "but there is no document",
		},
		"a document that was never stored again": {
			before: func(t *testing.T, w *world) { w.old = w.docs["T-4"]; w.old.Track = bytes.Clone(w.old.Track) },
			after:  func(t *testing.T, w *world) { w.replace(t, "T-4", func(d *argos.Truck) { *d = w.old }) },
			fail:   func(r *audit.Report) bool { return r.Diverged == 1 && r.Lost == 0 },
			says:   "truck T-4, offset",
		},
		"a document that says to be of the old layout": {
			after: func(t *testing.T, w *world) { w.replace(t, "T-4", func(d *argos.Truck) { d.Pos.Epoch-- }) },
			fail:  func(r *audit.Report) bool { return r.Diverged == 1 && r.Lost == 0 },
			says:  "truck T-4",
		},
		"a mark of a new partition taken away": {
			after: func(t *testing.T, w *world) { w.marks(t, w.stored(t)[:4]...) },
			fail:  func(r *audit.Report) bool { return r.BadMarks == 1 },
			says:  "partition 4 has no mark",
		},
		"a mark above where the old layout ends": {
			after: func(t *testing.T, w *world) {
				marks := w.stored(t)
				for i := range marks {
					marks[i].Epoch, marks[i].Offset = 0, w.layouts[1].Starts[i]+1
				}
				w.marks(t, append(marks[:3], argos.Mark{Topic: argos.Topic, Partition: 4, Epoch: 1})...)
			},
			fail: func(r *audit.Report) bool { return r.BadMarks > 0 },
			says: "whose records lie from offset 0",
		},
	} {
		for _, from := range []string{"the start", "an audit before", "an audit amid"} {
			t.Run(name+", audited from "+from, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				if from != "the start" {
					w.config.State = filepath.Join(t.TempDir(), "state")
					w.audit(t)
				}
				if c.before != nil {
					c.before(t, w)
				}
				w.relay(t, 5)
				w.grow(t, day)
				if from == "an audit amid" {
					w.audit(t)
				}
				if c.after != nil {
					c.after(t, w)
				}
				if r := w.audit(t); r.Clean() || !c.fail(r) || !says(r, c.says) {
					t.Errorf("%+v", r)
				}
			})
		}
	}
}

// addPartitions lets the topic grow to a number of partitions.
func (w *world) addPartitions(t *testing.T, to int32) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.config.Kafka.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	topic := kmsg.NewCreatePartitionsRequestTopic()
	topic.Topic, topic.Count = argos.Topic, to
	req := kmsg.NewPtrCreatePartitionsRequest()
	req.TimeoutMillis, req.Topics = 10_000, append(req.Topics, topic)
	res, err := req.RequestWith(t.Context(), client)
	if err != nil || res.Topics[0].ErrorCode != 0 {
		t.Fatal(res, err)
	}
}
