package kafkaio

import (
	"context"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"argos"
	"argos/cluster"
	"argos/retry"
)

func init() {
	register.DoFn4x1[context.Context, int64, []byte, func(int64, []byte), error](&deadLetterFn{})
	register.Emitter2[int64, []byte]()
}

// DeadLetterConfig says where dead letters go.
type DeadLetterConfig struct {
	Job    string // of NewJob, in the worker's process
	Kafka  cluster.Config
	Spread bool // as in ReadConfig

	Patience time.Duration // how long the broker may refuse before the bundle fails; 0: until the job ends
}

// WriteDeadLetters produces dead letters to argos.DeadLetterTopic. A letter is KV<int64 partition, []byte>: the
// argos.Part that it belongs to, then an argos.LogRecord for each record refused, whose Value is the letter to store
// and whose Offset says where in the partition the record is. A letter's time is when it is written: the record's own
// may be one that no broker takes. It gives KV<int64 partition, []byte argos.Part>, each part when all its letters
// are on all in-sync replicas; a part without letters at once. A crash or a lost answer stores a letter twice.
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
	w := letterWriter{
		job:      job,
		kafka:    f.Config.Kafka,
		client:   client,
		part:     part,
		incident: retry.Incident{What: "writing dead letters"},
	}
	return w.write(ctx, f.records)
}
