package audit_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"argos"
	"argos/audit"
	"argos/cluster"
)

// A topic that has grown holds records by two layouts. Fixes of both are found; documents that go back to the old one can't be
// judged, which is no divergence, and the next audit goes on from them.
func TestAGrownTopic(t *testing.T) {
	w := newWorld(t)
	w.config.State = filepath.Join(t.TempDir(), "state")
	if err := w.ledger.Flush(); err != nil {
		t.Fatal(err)
	}
	old := w.ends
	w.addPartitions(t, 6)
	layouts := []cluster.Layout{{Partitions: 3}, {Partitions: 6, Starts: append(old[:], 0, 0, 0)}}
	refuse := func(says string) {
		t.Helper()
		if r, err := audit.Run(t.Context(), w.config); err == nil || !strings.Contains(err.Error(), says) {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if err := w.config.Kafka.SetLayouts(t.Context(), argos.Topic, layouts[:1]); err != nil {
		t.Fatal(err)
	}
	refuse("the last accepted layout has 3")
	if err := w.config.Kafka.SetLayouts(t.Context(), argos.Topic, layouts); err != nil {
		t.Fatal(err)
	}
	refuse("the store has not come to that")
	var marks []argos.Mark
	for p, start := range layouts[1].Starts {
		marks = append(marks, argos.Mark{Topic: argos.Topic, Partition: int32(p), Epoch: 1, Offset: start})
	}
	w.marks(t, marks...)
	if r := w.audit(t); r.Lost+r.Diverged+r.BadMarks+r.Pending+r.MissingLetters > 0 || r.Unauditable != trucks || r.Trusted != trucks {
		t.Fatalf("%+v", r)
	}
	if r := w.audit(t); !r.Clean() || r.Documents != trucks || r.Trusted != trucks {
		t.Fatalf("the next: %+v", r)
	}
	w.replace(t, "T-3", func(d *argos.Truck) { d.Lat++ })
	if r := w.audit(t); r.Diverged != 1 || !says(r, "truck T-3") {
		t.Fatalf("altered: %+v", r)
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
