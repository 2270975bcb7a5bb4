package audit

import (
	"context"
	"fmt"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
)

// begin returns from which offset on each partition is written by the topic's present layout. What is below lies by an
// earlier one, in an earlier epoch, and where a truck's records are then is another matter.
func begin(topic string, marks []argos.Mark, partitions int, layouts []cluster.Layout) ([]int64, error) {
	starts := make([]int64, partitions)
	if len(layouts) == 0 {
		return starts, nil
	}
	last := layouts[len(layouts)-1]
	if last.Partitions != partitions {
		return nil, fmt.Errorf("topic %s has %d partitions and the last accepted layout has %d: "+
			"audit when the pipeline has accepted them (--accept-partitions)", topic, partitions, last.Partitions)
	}
	copy(starts, last.Starts)
	epoch, stored := int32(0), 0
	for _, m := range marks {
		epoch = max(epoch, m.Epoch)
	}
	for _, m := range marks {
		if m.Epoch == epoch {
			stored++
		}
	}
	for _, l := range layouts[:len(layouts)-1] {
		if l.Partitions == stored {
			return nil, fmt.Errorf("topic %s has grown from %d partitions to %d, and the store has not come to that: "+
				"audit when it has", topic, stored, partitions)
		}
	}
	return starts, nil
}

// readOld looks for the ledger's fixes in what was written by earlier layouts. It is not folded: a truck's records before
// and after lie in two partitions, so the documents are those of an epoch whose beginning this audit does not know.
func (a *auditor) readOld(ctx context.Context, p *partition) error {
	to := min(p.layout, p.Last)
	return kafkaio.Scan(ctx, a.cfg.Kafka, a.cfg.Topic, int(p.number), p.First, to, func(lr argos.LogRecord) error {
		a.InLog++
		var rec argos.Record
		if lr.Value == nil || p.parser.Record(lr.Value, &rec) != nil {
			return nil
		}
		return a.claims.found(keyOf(rec.TruckID, rec.Seq, rec.Time, rec.Lat, rec.Lon))
	})
}
