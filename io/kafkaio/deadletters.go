package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/cluster"
)

func init() {
	register.DoFn4x1[context.Context, int64, []byte, func(int64, []byte), error](&deadLetterFn{})
	register.Emitter2[int64, []byte]()
}

// produceBytes caps a request well below the broker's usual limit of 1 MB a batch.
const produceBytes = 900_000

// DeadLetterConfig says where dead letters go.
type DeadLetterConfig struct {
	Job    string // of NewJob, in the worker's process
	Kafka  cluster.Config
	Spread bool // as in ReadConfig

	Patience time.Duration // how long the broker may refuse before the bundle fails; 0: until the job ends
}

// WriteDeadLetters produces dead letters to argos.DeadLetterTopic. A letter is KV<int64 partition, []byte>: the argos.Part
// that it belongs to, then an argos.LogRecord for each record refused, whose Value is the letter to store and whose Offset
// says where in the partition the record is. It gives KV<int64 partition, []byte argos.Part>, each part when all its
// letters are on all in-sync replicas; a part without letters at once. A crash or a lost answer stores a letter twice.
func WriteDeadLetters(s beam.Scope, cfg DeadLetterConfig, letters beam.PCollection) beam.PCollection {
	return beam.ParDo(s.Scope("kafkaio.WriteDeadLetters"), &deadLetterFn{Config: cfg}, letters)
}

type deadLetterFn struct {
	Config  DeadLetterConfig
	records []argos.LogRecord
}

func (f *deadLetterFn) ProcessElement(ctx context.Context, partition int64, b []byte, emit func(int64, []byte)) error {
	part, rest, err := argos.DecodePart(b)
	if err != nil {
		return err
	}
	f.records = f.records[:0]
	for len(rest) > 0 {
		var r argos.LogRecord
		if r, rest, err = argos.DecodeLogRecord(rest); err != nil {
			return err
		}
		f.records = append(f.records, r)
	}
	if len(f.records) > 0 {
		if err := f.write(ctx, part); err != nil {
			return err
		}
	}
	emit(partition, b[:argos.PartSize:argos.PartSize])
	return nil
}

// write returns when the broker has all letters, or the job ends.
func (f *deadLetterFn) write(ctx context.Context, part argos.Part) error {
	job, err := jobNamed(f.Config.Job, f.Config.Spread)
	if err != nil {
		return err
	}
	client, err := job.client(f.Config.Kafka, argos.DeadLetterTopic)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if f.Config.Patience > 0 {
		ctx, cancel = context.WithTimeout(ctx, f.Config.Patience)
		defer cancel()
	}
	defer context.AfterFunc(job.ctx, cancel)()
	for rest := f.records; len(rest) > 0; {
		n := fits(rest)
		if err := produceLetters(ctx, client, part, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
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

func produceLetters(ctx context.Context, client *cluster.Client, part argos.Part, letters []argos.LogRecord) error {
	trouble := incident{what: "writing dead letters"}
	for pause := backoff(0); ; {
		err := produce(ctx, client, letters)
		switch {
		case err == nil:
			trouble.over()
			deadLetters.Add(float64(len(letters)))
			return nil
		case errors.Is(err, kafka.MessageSizeTooLarge) && len(letters) > 1:
			half := len(letters) / 2
			if err := produceLetters(ctx, client, part, letters[:half]); err != nil {
				return err
			}
			letters = letters[half:]
			continue
		case errors.Is(err, kafka.MessageSizeTooLarge):
			deadLettersRefused.Inc()
			slog.Error("a dead letter is too large for the broker; the record itself stays in the log",
				"partition", part.Partition, "offset", letters[0].Offset, "bytes", len(letters[0].Value))
			return nil
		}
		deadLetterErrors.Inc()
		trouble.failed(err)
		if !pause.wait(ctx) {
			return fmt.Errorf("write the dead letters of partition %d, offsets %d to %d: %w", part.Partition, part.From, part.To, err)
		}
	}
}

// produce tries once. The records are made anew for each try: kafka-go consumes their bytes, and would send empty ones
// the second time.
func produce(ctx context.Context, client *cluster.Client, letters []argos.LogRecord) error {
	records := make([]kafka.Record, len(letters))
	for i, l := range letters {
		records[i] = kafka.Record{Time: time.UnixMilli(l.Time), Value: kafka.NewBytes(l.Value)}
	}
	res, err := client.Produce(ctx, &kafka.ProduceRequest{
		Topic: argos.DeadLetterTopic, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...),
	})
	if err != nil {
		return err
	}
	return res.Error
}
