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
	Partition int32
	Offset    int64
	Record    *argos.Record // valid until the step was shown
	Rev       int64         // of the document after it; of those known, when the log's start is gone
	Decision  track.Decision
}

// Stretch is where the truck's records were read: a topic that has grown had it in several partitions, one after
// another.
type Stretch struct {
	Partition int32
	From      int64 // the offset at which reading began
	Gone      bool  // what came before can't be known
}

// Explanation is what the records made.
type Explanation struct {
	Read    []Stretch
	Known   int64       // rev of the track that it began with, of a state file; 0: none
	Folded  argos.Truck // what the records make
	Stored  *argos.Truck
	Differs string // the first field in which the stored document is another; "" if none, or if it has another rev
}

// Agrees says whether the stored document is what the records make.
func (e *Explanation) Agrees() bool {
	return e.Stored != nil && e.Stored.Rev == e.Folded.Rev && e.Differs == ""
}

// Gone returns the first stretch before which the truck may have had records that the log has no more; nil: none.
func (e *Explanation) Gone() *Stretch {
	for i := range e.Read {
		if e.Read[i].Gone {
			return &e.Read[i]
		}
	}
	return nil
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
	known, err := q.known(e)
	if err != nil {
		return nil, err
	}
	sections, err := q.sections(ctx, known)
	if err != nil {
		return nil, err
	}
	t, attrs := track.Track{}, []byte(nil)
	if p := known.tracks[q.Truck]; p != nil {
		if err := t.Decode(p.track); err != nil {
			return nil, fmt.Errorf("the track in the state file: %w", err)
		}
		attrs, e.Known = p.attrs, t.Rev()
	}
	for i, s := range sections {
		if s.from < s.last || s.gap || len(e.Read) == 0 && i == len(sections)-1 {
			e.Read = append(e.Read, Stretch{Partition: s.number, From: s.from, Gone: s.gap})
		}
	}
	if err := q.fold(ctx, e, sections, &t, &attrs, each); err != nil {
		return nil, err
	}
	e.Folded = argos.Truck{ID: q.Truck, Attrs: attrs}
	t.Fill(&e.Folded)
	switch {
	case e.Folded.Rev == 0 && e.Stored == nil:
		return nil, ErrNoRecords
	case q.Rev > e.Folded.Rev && e.Gone() == nil:
		return nil, fmt.Errorf("it has no rev %d: its records make rev %d", q.Rev, e.Folded.Rev)
	case e.Stored != nil && e.Stored.Rev == e.Folded.Rev:
		e.Differs = difference(e.Stored, &e.Folded)
	}
	return e, nil
}

// known is what the state file has of the truck, unless the document asked for is an older one: then it is empty.
func (q *Question) known(e *Explanation) (*state, error) {
	s, err := readState(q.State, q.Topic)
	if err != nil {
		return nil, err
	}
	known := s.tracks[q.Truck]
	if known == nil || q.Rev > 0 && known.records > q.Rev ||
		e.Stored != nil && known.records > e.Stored.Rev && q.Rev == 0 {
		return &state{}, nil
	}
	return s, nil
}

// sections are where the truck's records lie, in their order, and from where on each is to be read. A state of another
// epoch than those of the log's layouts is emptied: offsets say nothing then.
func (q *Question) sections(ctx context.Context, s *state) ([]*section, error) {
	layouts, err := q.Kafka.Layouts(ctx, q.Topic)
	if err != nil {
		return nil, err
	}
	marks, err := q.Store.Marks(ctx, q.Topic)
	if err != nil {
		return nil, fmt.Errorf("read the marks: %w", err)
	}
	log, err := kafkaio.Offsets(ctx, q.Kafka, q.Topic)
	if err != nil {
		return nil, fmt.Errorf("ask for the log's ends: %w", err)
	}
	if n := len(layouts); n > 0 && layouts[n-1].Partitions < len(log) {
		log = log[:layouts[n-1].Partitions] // nobody has accepted the rest
	}
	for {
		a := &auditor{cfg: Config{Kafka: q.Kafka, Topic: q.Topic}, state: s}
		if err := a.place(ctx, marks, log, layouts); err != nil {
			return nil, err
		}
		var all []*section
		other := false
		for i := range a.layouts {
			p := a.section(i, hashOf(q.Truck))
			all = append(all, p)
			other = other || p.before == nil && int(p.number) < len(s.Partitions)
		}
		if !other {
			return all, nil
		}
		*s = state{}
	}
}

// fold reads the truck's records up to the document asked for.
func (q *Question) fold(
	ctx context.Context, e *Explanation, sections []*section, t *track.Track, attrs *[]byte, each func(*Step),
) error {
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
	if q.Progress == nil {
		q.Progress = &Progress{}
	}
	for _, s := range sections {
		q.Progress.End.Add(s.last - s.from)
	}
	for _, s := range sections {
		err := kafkaio.Scan(ctx, q.Kafka, q.Topic, int(s.number), s.from, s.last, func(lr argos.LogRecord) error {
			q.Progress.Log.Add(1)
			pos := argos.Pos{Epoch: s.epoch, Partition: s.number, Next: lr.Offset + 1}
			if q.Rev == 0 && e.Stored != nil && pos.Compare(e.Stored.Pos) > 0 {
				return errReached
			}
			var rec argos.Record
			if !q.isOf(lr.Value, &s.parser, &rec) || !t.Fold(&rec, pos) {
				return nil
			}
			if rec.Attrs != nil {
				*attrs = bytes.Clone(rec.Attrs)
			}
			each(&Step{
				Partition: s.number, Offset: lr.Offset, Record: &rec, Rev: t.Rev(), Decision: t.Decision(),
			})
			if there() {
				return errReached
			}
			return nil
		})
		if errors.Is(err, errReached) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isOf reads a record if it is of the truck. Most are of others, which is seen without reading them.
func (q *Question) isOf(value []byte, parser *wire.Parser, rec *argos.Record) bool {
	if !bytes.Contains(value, []byte(q.Truck)) && !bytes.Contains(value, []byte(`\`)) {
		return false
	}
	return parser.Record(value, rec) == nil && rec.TruckID == q.Truck
}
