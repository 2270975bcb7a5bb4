package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/transforms/track"
	"argos/wire"
)

// Question asks of what a truck's document is the fold.
type Question struct {
	Truck string
	Rev   int64 // of the document; 0: the stored one's
	Kafka cluster.Config
	Topic string
	Store argos.Store
	State string // an audit's state file, to begin where that has proven the track; "": at the log's start

	// Progress, if set, is told how far the log has been read, from time to time.
	Progress *Progress
}

// Step is one record of the answer.
type Step struct {
	Offset   int64
	Record   *argos.Record // valid until the step was shown
	Rev      int64         // of the document after it; of those known, when the log's start is gone
	Decision track.Decision
}

// Explanation is what the records made.
type Explanation struct {
	Partition int32
	First     int64       // the offset at which reading began
	Known     int64       // rev of the track that it began with, of a state file; 0: none
	Gone      bool        // what came before First can't be known
	Folded    argos.Truck // what the records make
	Stored    *argos.Truck
	Differs   string // the first field in which the stored document is another; "" if none, or if it has another rev
}

// Agrees says whether the stored document is what the records make.
func (e *Explanation) Agrees() bool {
	return e.Stored != nil && e.Stored.Rev == e.Folded.Rev && e.Differs == ""
}

// ErrNoRecords says that the log has nothing of a truck.
var ErrNoRecords = errors.New("the log has no record of this truck")

// errReached ends the reading at the document asked for.
var errReached = errors.New("reached")

// Explain shows each the records that a document is the fold of, in log order, with what was decided of each by the
// fold itself.
func Explain(ctx context.Context, q Question, each func(*Step)) (*Explanation, error) {
	if err := argos.CheckTruckID(q.Truck); err != nil {
		return nil, err
	}
	e, err := q.explain(ctx, each)
	if err != nil {
		return nil, fmt.Errorf("explain truck %s: %w", q.Truck, err)
	}
	return e, nil
}

func (q *Question) explain(ctx context.Context, each func(*Step)) (*Explanation, error) {
	e := &Explanation{}
	switch d, err := q.Store.Truck(ctx, q.Truck); {
	case err == nil:
		e.Stored = &d
	case !errors.Is(err, argos.ErrNotFound):
		return nil, fmt.Errorf("read the document: %w", err)
	}
	marks, err := q.Store.Marks(ctx, q.Topic)
	if err != nil {
		return nil, fmt.Errorf("read the marks: %w", err)
	}
	log, err := kafkaio.Offsets(ctx, q.Kafka, q.Topic)
	if err != nil {
		return nil, fmt.Errorf("ask for the log's ends: %w", err)
	}
	e.Partition = int32(argos.PartitionOf(q.Truck, len(log)))
	r, epoch := log[e.Partition], int32(0)
	for _, m := range marks {
		if m.Partition == e.Partition {
			epoch = m.Epoch
		}
	}
	t, attrs := track.Track{}, []byte(nil)
	e.First, e.Gone = r.First, r.First > 0 || epoch > 0
	if err := q.begin(e, &t, &attrs, epoch); err != nil {
		return nil, err
	}
	if err := q.fold(ctx, e, &t, &attrs, epoch, r.Last, each); err != nil {
		return nil, err
	}
	e.Folded = argos.Truck{ID: q.Truck, Attrs: attrs}
	t.Fill(&e.Folded)
	switch {
	case e.Folded.Rev == 0 && e.Stored == nil:
		return nil, ErrNoRecords
	case e.Stored != nil && e.Stored.Rev == e.Folded.Rev:
		e.Differs = difference(e.Stored, &e.Folded)
	}
	return e, nil
}

// begin takes the track of the state file, unless the document asked for is an older one.
func (q *Question) begin(e *Explanation, t *track.Track, attrs *[]byte, epoch int32) error {
	s, err := readState(q.State, q.Topic)
	if err != nil {
		return err
	}
	known := s.tracks[q.Truck]
	if known == nil || int(e.Partition) >= len(s.Partitions) || s.Partitions[e.Partition].Epoch != epoch ||
		q.Rev > 0 && known.records > q.Rev || e.Stored != nil && known.records > e.Stored.Rev && q.Rev == 0 {
		return nil
	}
	if err := t.Decode(known.track); err != nil {
		return fmt.Errorf("the track in the state file: %w", err)
	}
	from := s.Partitions[e.Partition].Offset
	*attrs, e.Known, e.Gone, e.First = known.attrs, t.Rev(), e.First > from, max(from, e.First)
	return nil
}

// fold reads the truck's records up to the document asked for.
func (q *Question) fold(
	ctx context.Context, e *Explanation, t *track.Track, attrs *[]byte, epoch int32, last int64, each func(*Step),
) error {
	var parser wire.Parser
	if q.Progress != nil {
		q.Progress.End.Store(last - e.First)
	}
	there := func() bool {
		switch {
		case q.Rev > 0:
			return t.Rev() >= q.Rev
		case e.Stored != nil:
			return t.Pos().Compare(e.Stored.Pos) >= 0
		}
		return false
	}
	if there() {
		return nil
	}
	err := kafkaio.Scan(ctx, q.Kafka, q.Topic, int(e.Partition), e.First, last, func(lr argos.LogRecord) error {
		if q.Progress != nil {
			q.Progress.Log.Add(1)
		}
		pos := argos.Pos{Epoch: epoch, Partition: e.Partition, Next: lr.Offset + 1}
		if q.Rev == 0 && e.Stored != nil && pos.Compare(e.Stored.Pos) > 0 {
			return errReached
		}
		var rec argos.Record
		if !q.isOf(lr.Value, &parser, &rec) || !t.Fold(&rec, pos) {
			return nil
		}
		if rec.Attrs != nil {
			*attrs = bytes.Clone(rec.Attrs)
		}
		each(&Step{Offset: lr.Offset, Record: &rec, Rev: t.Rev(), Decision: t.Decision()})
		if there() {
			return errReached
		}
		return nil
	})
	if errors.Is(err, errReached) {
		return nil
	}
	return err
}

// isOf reads a record if it is of the truck. Most are of others, which is seen without reading them.
func (q *Question) isOf(value []byte, parser *wire.Parser, rec *argos.Record) bool {
	if !bytes.Contains(value, []byte(q.Truck)) && !bytes.Contains(value, []byte(`\`)) {
		return false
	}
	return parser.Record(value, rec) == nil && rec.TruckID == q.Truck
}
