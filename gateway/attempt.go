package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"argos/cluster"
)

const (
	firstBackoff = 20 * time.Millisecond
	maxBackoff   = time.Second
)

// identity is what makes a producer idempotent in one partition (KIP-98): the broker stores each sequence number of a
// producer id once, however often the same batch is sent. No id yet: pid is -1.
type identity struct {
	pid      int64
	epoch    int16
	sequence int32
}

// advance counts n records that the broker has; sequence numbers wrap from 2^31-1 to 0.
func (id *identity) advance(n int) { id.sequence = int32((int64(id.sequence) + int64(n)) & 0x7fffffff) }

// verdict is how a batch ended: stored, or not to be stored as it is for a reason, which may lie in some of its records.
type verdict struct {
	stored, killed bool
	reason         error
	records        map[int]error
}

// write sends a batch until there is a verdict. Whatever else goes wrong is tried again for ever: there is no other place
// for the records, and the senders are held back meanwhile.
func (p *producer) write(q *partition, b *batch) verdict {
	b.seal(q.id.pid, q.id.epoch, q.id.sequence)
	troubled := false
	for wait := firstBackoff; ; wait = min(2*wait, maxBackoff) {
		records, err := p.attempt(q, b)
		if p.ctx.Err() != nil {
			return verdict{killed: true}
		}
		v := verdict{stored: err == nil || errors.Is(err, kafka.DuplicateSequenceNumber), reason: err, records: records}
		if v.stored {
			q.id.advance(b.n)
		}
		if v.stored || neverStored(err) {
			if troubled {
				p.trouble.end()
			}
			return v
		}
		if lostIdentity(err) {
			if b.uncertain {
				p.m.possibleDuplicates.Add(float64(b.n))
			}
			q.id.pid = -1
		}
		b.uncertain = b.uncertain || mayBeStored(err)
		p.m.retries.Inc()
		if !troubled {
			troubled = true
			p.trouble.begin(err)
		}
		select {
		case <-p.ctx.Done():
			return verdict{killed: true}
		case <-time.After(wait):
		}
	}
}

// attempt sends a batch once, under a new producer id if the partition has none.
func (p *producer) attempt(q *partition, b *batch) (records map[int]error, err error) {
	ctx, cancel := context.WithTimeout(p.ctx, cluster.RequestTimeout)
	defer cancel()
	if q.id.pid < 0 {
		if q.id, err = p.newIdentity(ctx); err != nil {
			return nil, err
		}
		b.seal(q.id.pid, q.id.epoch, q.id.sequence)
	}
	r, err := p.client.RawProduce(ctx, &kafka.RawProduceRequest{
		Topic: p.topic, Partition: q.index, RequiredAcks: kafka.RequireAll,
		RawRecords: protocol.RawRecordSet{Reader: bytes.NewReader(b.b)},
	})
	if err != nil {
		return nil, err
	}
	return r.RecordErrors, r.Error
}

func (p *producer) newIdentity(ctx context.Context) (identity, error) {
	none := identity{pid: -1}
	r, err := p.client.InitProducerID(ctx, &kafka.InitProducerIDRequest{ProducerID: -1, ProducerEpoch: -1, TransactionTimeoutMs: 60_000})
	if err == nil {
		err = r.Error
	}
	if err != nil {
		return none, fmt.Errorf("ask for a producer id: %w", err)
	}
	return identity{pid: int64(r.Producer.ProducerID), epoch: int16(r.Producer.ProducerEpoch)}, nil
}

// neverStored: the broker has judged the batch itself, and trying again won't help.
func neverStored(err error) bool {
	return isOneOf(err, kafka.MessageSizeTooLarge, kafka.RecordListTooLarge, kafka.InvalidRecord, kafka.InvalidTimestamp)
}

// lostIdentity: the broker does not know the producer id, or not up to our sequence number. Only a new one goes on.
func lostIdentity(err error) bool {
	return isOneOf(err, kafka.OutOfOrderSequenceNumber, kafka.UnknownProducerId, kafka.InvalidProducerEpoch)
}

// mayBeStored: the attempt ended without an answer, or with one that leaves it open.
func mayBeStored(err error) bool {
	var answer kafka.Error
	if errors.As(err, &answer) {
		return isOneOf(err, kafka.Unknown, kafka.RequestTimedOut, kafka.NotEnoughReplicasAfterAppend)
	}
	var op *net.OpError
	return !errors.As(err, &op) || op.Op != "dial"
}

func isOneOf(err error, codes ...kafka.Error) bool {
	for _, c := range codes {
		if errors.Is(err, c) {
			return true
		}
	}
	return false
}
