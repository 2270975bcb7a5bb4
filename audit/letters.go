package audit

import (
	"context"
	"encoding/json"
	"errors"
	"sort"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"

	kafka "github.com/segmentio/kafka-go"
)

// foreign is a record of the log that is no fix of its partition: the pipeline has to write a dead letter of it.
type foreign struct {
	offset  int64
	size    int
	pending bool // the pipeline has not come to it
	letter  bool // there is one
	elder   bool // it may have been a fix of its partition once, by a layout that was never written down
}

// stranger notes such a record. If the first layout is not of the first epoch, the topic may have grown before layouts
// were written down: then nobody can tell whether a fix of another partition's truck belonged here once.
func (a *auditor) stranger(s *section, lr argos.LogRecord, isFix bool) {
	pending := lr.Offset >= s.stored
	if pending {
		a.pend(s, lr.Offset)
	}
	if !pending || a.Running {
		elder := isFix && a.epoch > 0 && s.layout == 0 && s.before == nil
		s.foreign = append(s.foreign, foreign{offset: lr.Offset, size: len(lr.Value), pending: pending, elder: elder})
	}
}

// judgeLetters looks for the dead letter of each record that must have one.
func (a *auditor) judgeLetters(ctx context.Context) error {
	a.nextKind()
	missing := 0
	for _, p := range a.parts {
		missing += len(p.foreign)
	}
	if missing == 0 {
		return nil
	}
	log, err := kafkaio.Offsets(ctx, a.cfg.Kafka, argos.DeadLetterTopic)
	if err != nil && !errors.Is(err, kafka.UnknownTopicOrPartition) {
		return err
	}
	for n, r := range log {
		err := kafkaio.Scan(
			ctx,
			a.cfg.Kafka,
			argos.DeadLetterTopic,
			n,
			r.First,
			r.Last,
			func(lr argos.LogRecord) error {
				a.letter(lr.Value)
				return nil
			},
		)
		if err != nil {
			return err
		}
	}
	for _, p := range a.parts {
		a.missLetters(p, log)
	}
	return nil
}

// letter takes in a dead letter. Those of gateways, about what never came into the log, tell no topic.
func (a *auditor) letter(value []byte) {
	var l struct {
		Topic     string `json:"topic"`
		Partition int    `json:"partition"`
		Offset    int64  `json:"offset"`
		Size      int    `json:"size"`
	}
	if json.Unmarshal(value, &l) != nil || l.Topic != a.cfg.Topic || l.Partition < 0 || l.Partition >= len(a.parts) {
		return
	}
	all := a.parts[l.Partition].foreign
	i := sort.Search(len(all), func(i int) bool { return all[i].offset >= l.Offset })
	if i < len(all) && all[i].offset == l.Offset && all[i].size == l.Size {
		all[i].letter = true
	}
}

func (a *auditor) missLetters(p *partition, letters []cluster.Range) {
	taken := false
	for _, r := range letters {
		taken = taken || r.First > 0
	}
	for _, f := range p.foreign {
		switch {
		case f.letter, f.pending && a.Stalled:
		case f.elder:
			a.Unauditable++
			a.problem("partition %d, offset %d: a fix of a truck of another partition, without a dead letter: if the topic "+
				"has grown before its layouts were written down, it may have belonged here", p.number, f.offset)
		case taken:
			a.Unauditable++
			a.problem("partition %d, offset %d: no fix, and no dead letter of it is in what retention has left of %s",
				p.number, f.offset, argos.DeadLetterTopic)
		default:
			a.MissingLetters++
			a.problem("partition %d, offset %d: no fix, and below the mark, but %s has no dead letter of it",
				p.number, f.offset, argos.DeadLetterTopic)
		}
	}
}
