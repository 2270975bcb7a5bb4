package kafkaio

import (
	"context"
	"fmt"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/state"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"argos"
	"argos/cluster"
)

func init() {
	register.DoFn4x1[state.Provider, int64, []byte, func(int64), error](&lowWaterFn{})
	register.DoFn1x0[int64](&endFn{})
	register.Emitter1[int64]()
}

// LowWaterConfig says where the marks go.
type LowWaterConfig struct {
	Job   string // of NewJob, in the worker's process
	Store string // URI for argos.Process
	Kafka cluster.Config
	Topic string
	Epoch int32
	Group string // consumer group that is told of the marks, for lag tools; empty: none

	Starts []int64 // where each partition begins
	// as in ReadConfig: the mark trackers are in the runner's state, which goes back with what they speak of
	Spread bool
}

// LowWater takes acknowledgements, KV<int64 partition, []byte argos.Part...>, and moves each partition's mark over
// the polls of which every part is in and below which there is no hole. The marks go to the Job at once, whose source
// lives on them, to the store within 0.1 s and, as advice, to Kafka.
func LowWater(s beam.Scope, cfg LowWaterConfig, acks beam.PCollection) {
	s = s.Scope("kafkaio.LowWater")
	none := beam.ParDo(s, &lowWaterFn{Config: cfg, Own: state.MakeValueState[[]byte]("own")}, acks)
	// Prism spins on a stage without an output, so there is one, with an end to it, although nothing ever comes.
	beam.ParDo0(s, &endFn{}, beam.Reshuffle(s, none))
}

// lowWaterFn keeps its mark trackers in the Job, or in the state. In the first case the state is declared all the
// same: it alone makes a stage of its own of this function, so that acknowledgements are an output of the sink's
// stage and reach us as soon as its bundle ends.
type lowWaterFn struct {
	Config LowWaterConfig
	Own    state.Value[[]byte]
	job    *Job
}

func (f *lowWaterFn) Setup(ctx context.Context) error {
	job, err := jobNamed(f.Config.Job, f.Config.Spread)
	if err != nil {
		return err
	}
	f.job = job
	return job.startMarkWriter(ctx, f.Config)
}

func (f *lowWaterFn) ProcessElement(p state.Provider, partition int64, acks []byte, _ func(int64)) error {
	parts, err := f.parts(partition, acks)
	if err != nil {
		return err
	}
	if f.Config.Spread {
		return f.inState(p, partition, parts)
	}
	for _, part := range parts {
		if err := f.job.acknowledge(part); err != nil {
			return err
		}
	}
	return nil
}

func (f *lowWaterFn) parts(partition int64, acks []byte) (parts []argos.Part, err error) {
	for len(acks) > 0 {
		var part argos.Part
		if part, acks, err = argos.DecodePart(acks); err != nil {
			return nil, err
		}
		if int64(part.Partition) != partition || part.Epoch != f.Config.Epoch ||
			int(partition) >= len(f.Config.Starts) {
			return nil, fmt.Errorf("%w: a part of partition %d, epoch %d came to partition %d of %d, epoch %d",
				argos.ErrEncoding, part.Partition, part.Epoch, partition, len(f.Config.Starts), f.Config.Epoch)
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// inState moves the mark of a partition whose tracker is in the state. What the mark passes is in the store, whatever
// becomes of this bundle: so the job may write it down at once.
func (f *lowWaterFn) inState(p state.Provider, partition int64, parts []argos.Part) error {
	b, some, err := f.Own.Read(p)
	if err != nil {
		return fmt.Errorf("read the mark tracker of partition %d: %w", partition, err)
	}
	w := markTracker{mark: f.Config.Starts[partition]}
	if some {
		if err := w.decode(b); err != nil {
			return fmt.Errorf("mark tracker of partition %d: %w", partition, err)
		}
	}
	for _, part := range parts {
		if _, err := w.add(part); err != nil {
			return err
		}
	}
	if err := f.Own.Write(p, w.pack()); err != nil {
		return fmt.Errorf("write the mark tracker of partition %d: %w", partition, err)
	}
	f.job.moved(int(partition), w.mark)
	return nil
}

type endFn struct{}

func (*endFn) ProcessElement(int64) {}
