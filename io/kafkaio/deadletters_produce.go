package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"argos"
	"argos/cluster"
	"argos/retry"
)

// produceBytes caps a request well below the broker's usual limit of 1 MB a batch.
const produceBytes = 900_000

// letterWriter writes the letters of one part.
type letterWriter struct {
	job      *Job
	kafka    cluster.Config
	client   *cluster.Client
	part     argos.Part
	incident retry.Incident
}

// waiting holds the writers whose letters Kafka does not take at present, and why: *letterWriter -> error.
var waiting sync.Map

// DeadLetterTrouble is why dead letters of the job can't be written at present; nil while they can. The marks of their
// partitions stand still meanwhile, and soon the source with them.
func (j *Job) DeadLetterTrouble() error { return lettersOf(j) }

// DeadLetterTrouble is the same of all jobs in the process.
func DeadLetterTrouble() error { return lettersOf(nil) }

// lettersOf is the trouble of a job, or of any if none is given.
func lettersOf(j *Job) (why error) {
	waiting.Range(func(w, err any) bool {
		if j == nil || w.(*letterWriter).job == j {
			why = fmt.Errorf("Kafka does not take dead letters: %w", err.(error))
		}
		return why == nil
	})
	return why
}

// write returns when the broker has all letters, but for those that it takes in no company, or when the context ends.
func (w *letterWriter) write(ctx context.Context, letters []argos.LogRecord) error {
	defer waiting.Delete(w)
	for len(letters) > 0 {
		n := fits(letters)
		if err := w.request(ctx, letters[:n]); err != nil {
			return fmt.Errorf("write the dead letters of partition %d, offsets %d to %d: %w", w.part.Partition, w.part.From, w.part.To, err)
		}
		letters = letters[n:]
	}
	return nil
}

// fits is how many of the records go into one request, at least one.
func fits(records []argos.LogRecord) (n int) {
	for bytes := 0; n < len(records); n++ {
		if bytes += len(records[n].Value) + 64; n > 0 && bytes > produceBytes {
			break
		}
	}
	return n
}

// request sends letters as one request, or as smaller ones if the broker will never take them together.
func (w *letterWriter) request(ctx context.Context, letters []argos.LogRecord) error {
	for pause := retry.Backoff(0); ; {
		err := produce(ctx, w.client, letters)
		switch {
		case err == nil:
			w.answered()
			deadLetters.Add(float64(len(letters)))
			return nil
		case unwanted(err) && len(letters) > 1:
			w.answered()
			half := len(letters) / 2
			if err := w.request(ctx, letters[:half]); err != nil {
				return err
			}
			letters, pause = letters[half:], 0
			continue
		case unwanted(err):
			w.answered()
			deadLettersRefused.Inc()
			slog.Error("the broker refuses a dead letter; the record itself stays in the log",
				"partition", w.part.Partition, "offset", letters[0].Offset, "bytes", len(letters[0].Value), "error", err)
			return nil
		}
		deadLetterErrors.Inc()
		waiting.Store(w, err)
		if missing(err) { // somebody has deleted it while we ran; at the start it was there
			if failed := EnsureTopic(ctx, w.kafka, argos.DeadLetterTopic, 1); failed != nil {
				err = failed
				waiting.Store(w, err)
			}
		}
		w.incident.Failed(err)
		if !pause.Wait(ctx) {
			return err
		}
	}
}

// answered notes that the broker decides about letters again, whatever it says.
func (w *letterWriter) answered() {
	waiting.Delete(w)
	w.incident.Over()
}

// unwanted errors are about the letters themselves: the same request fails for ever.
func unwanted(err error) bool {
	for _, code := range [...]kafka.Error{kafka.MessageSizeTooLarge, kafka.RecordListTooLarge, kafka.InvalidTimestamp, kafka.InvalidRecord} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// missing says that the topic may not exist. kafka-go says the latter two without asking, and also when no broker was reached.
func missing(err error) bool {
	return errors.Is(err, kafka.UnknownTopicOrPartition) || errors.Is(err, protocol.ErrNoTopic) || errors.Is(err, protocol.ErrNoPartition)
}

// produce tries once. The records are made anew for each try: kafka-go consumes their bytes, and would send empty ones
// the second time.
func produce(ctx context.Context, client *cluster.Client, letters []argos.LogRecord) error {
	now := time.Now()
	records := make([]kafka.Record, len(letters))
	for i, l := range letters {
		records[i] = kafka.Record{Time: now, Value: kafka.NewBytes(l.Value)}
	}
	res, err := client.Produce(ctx, &kafka.ProduceRequest{
		Topic: argos.DeadLetterTopic, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...),
	})
	if err != nil {
		return err
	}
	return res.Error
}
