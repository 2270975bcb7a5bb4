package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"argos"
	"argos/cluster"
)

// A fetch's long poll delays no delivery: the broker answers it as soon as there is a record.
const (
	fetchBytes = 1 << 20
	fetchWait  = 500 * time.Millisecond
)

// errStuck says that the broker has records from an offset on, and yet none could be read.
var errStuck = errors.New("no record can be read although the log goes on")

// fetcher reads one partition, a page at a time. Not for concurrent use.
type fetcher struct {
	client    *cluster.Client
	topic     string
	partition int
	value     []byte
}

// page hands the records from an offset on to each, in order, and returns where to go on and where the log ends at
// present. A record's value is valid until each returns. Records of aborted transactions are among them, since nobody
// here writes any; a transaction's own markers are not.
func (f *fetcher) page(ctx context.Context, from int64, each func(argos.LogRecord) error) (next, end int64, err error) {
	res, err := f.client.Fetch(ctx, &kafka.FetchRequest{
		Topic: f.topic, Partition: f.partition, Offset: from, MinBytes: 1, MaxBytes: fetchBytes, MaxWait: fetchWait,
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return from, -1, fmt.Errorf("fetch %s/%d from offset %d: %w", f.topic, f.partition, from, err)
	}
	next, end = from, res.HighWatermark
	for {
		rec, err := res.Records.ReadRecord()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = f.read(rec)
		}
		if err != nil {
			return from, end, fmt.Errorf("read %s/%d from offset %d: %w", f.topic, f.partition, next, err)
		}
		if rec.Offset < next { // the answer begins with a whole batch
			continue
		}
		if err := each(argos.LogRecord{Offset: rec.Offset, Time: rec.Time.UnixMilli(), Value: f.value}); err != nil {
			return next, end, err
		}
		next = rec.Offset + 1
	}
	if next = max(next, afterMarkers(res.Records)); next == from && from < end {
		return from, end, fmt.Errorf("read %s/%d from offset %d: %w", f.topic, f.partition, from, errStuck)
	}
	return next, end, nil
}

// read takes the record's value out of kafka-go's pages and gives these back.
func (f *fetcher) read(rec *kafka.Record) error {
	if rec.Key != nil {
		_ = rec.Key.Close() // memory, nothing to fail
	}
	if rec.Value == nil {
		f.value = nil
		return nil
	}
	defer rec.Value.Close()
	if n := rec.Value.Len(); cap(f.value) < n || f.value == nil {
		f.value = make([]byte, n, max(2*n, 512))
	} else {
		f.value = f.value[:n]
	}
	_, err := io.ReadFull(rec.Value, f.value)
	return err
}

// afterMarkers is the offset after the last transaction marker of an answer: kafka-go skips them, and an answer of
// markers alone would be asked for for ever.
func afterMarkers(r kafka.RecordReader) (next int64) {
	s, ok := r.(*protocol.RecordStream)
	if !ok {
		return 0
	}
	for _, batch := range s.Records {
		if m, ok := batch.(*protocol.ControlBatch); ok {
			next = m.BaseOffset + 1
		}
	}
	return next
}
