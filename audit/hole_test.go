package audit_test

import (
	"fmt"
	"strings"
	"testing"

	"argos"
	"argos/wire"

	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

// A record that was taken out of the log is missed by the sender that holds its ack and by the document that has
// folded it. Compaction takes it out for real here: two records of this log have one key.
func TestARecordMissingFromTheLog(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.CreateTopic(
		argos.Topic,
		3,
		map[string]string{"cleanup.policy": "compact", "retention.ms": "-1"},
	); err != nil {
		t.Fatal(err)
	}
	const taken, id = 61, "T-1" // of whose fixes 61 and 67 are two
	w := newWorldOn(t, c.ListenAddrs()[0], trucks*each, func(_ string, n int) string {
		if n == taken+trucks {
			n = taken
		}
		return fmt.Sprint(n)
	})
	// Compaction leaves a partition's last batch alone.
	last := argos.Record{Fix: argos.NewFix(id, 1_700_000_900_000, 51.9, 4.5), Recv: 1_700_000_900_000}
	w.produce(t, argos.PartitionOf(id, 3), kafka.Record{Value: kafka.NewBytes(wire.AppendRecord(nil, &last))})
	if r := w.audit(t); r.Lost+r.Diverged+r.Holes > 0 {
		t.Fatalf("before: %+v", r)
	}
	c.Compact()
	r := w.audit(t)
	if r.Clean() || r.Lost != 1 || r.Diverged != 1 || r.Holes != 1 || r.InLog != trucks*each {
		t.Errorf("%+v", r)
	}
	offset, p := 0, argos.PartitionOf(id, 3)
	for n := range taken {
		if argos.PartitionOf(fmt.Sprintf("T-%d", n%trucks), 3) == p {
			offset++
		}
	}
	for _, want := range []string{
		fmt.Sprintf("truck %s, seq %d, ts", id, taken),
		fmt.Sprintf("truck %s, offset", id),
	} {
		found := false
		for _, says := range r.Problems {
			found = found ||
				strings.HasPrefix(says, want) &&
					strings.HasSuffix(says, fmt.Sprintf("no record at offset %d", offset))
		}
		if !found {
			t.Errorf("says %q, want %q and offset %d", r.Problems, want, offset)
		}
	}
}
