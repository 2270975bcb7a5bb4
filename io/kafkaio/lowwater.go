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
}

// LowWater takes acknowledgements, KV<int64 partition, []byte argos.Part>, and moves each partition's mark over the polls
// of which every part is in and below which there is no hole. The marks go to the Job at once, whose source lives on
// them, to the store within 0.1 s and, as advice, to Kafka.
func LowWater(s beam.Scope, cfg LowWaterConfig, acks beam.PCollection) {
	s = s.Scope("kafkaio.LowWater")
	none := beam.ParDo(s, &lowWaterFn{Config: cfg, Own: state.MakeValueState[[]byte]("own")}, acks)
	// Prism spins on a stage without an output, so there is one, with an end to it, although nothing ever comes.
	beam.ParDo0(s, &endFn{}, beam.Reshuffle(s, none))
}

// lowWaterFn keeps its books in the Job. The state is declared and never touched: it alone makes a stage of its own of
// this function, so that acknowledgements are an output of the sink's stage and reach us as soon as its bundle ends.
type lowWaterFn struct {
	Config LowWaterConfig
	Own    state.Value[[]byte]
	job    *Job
}

func (f *lowWaterFn) Setup(ctx context.Context) error {
	job, err := jobNamed(f.Config.Job)
	if err != nil {
		return err
	}
	f.job = job
	return job.keep(ctx, f.Config)
}

func (f *lowWaterFn) ProcessElement(_ state.Provider, partition int64, ack []byte, _ func(int64)) error {
	part, _, err := argos.DecodePart(ack)
	if err != nil {
		return err
	}
	if int64(part.Partition) != partition || part.Epoch != f.Config.Epoch {
		return fmt.Errorf("%w: a part of partition %d, epoch %d came to partition %d, epoch %d",
			argos.ErrEncoding, part.Partition, part.Epoch, partition, f.Config.Epoch)
	}
	return f.job.acknowledge(part)
}

type endFn struct{}

func (*endFn) ProcessElement(int64) {}
