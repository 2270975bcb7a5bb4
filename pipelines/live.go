// Package pipelines joins sources, transforms and sinks, and runs what it has joined.
package pipelines

import (
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"argos/io/kafkaio"
	"argos/io/storeio"
	"argos/transforms/decode"
	"argos/transforms/fleet"
)

// runnerSettings is what the steps are told of the runner that they run on. The steps are the same on each.
type runnerSettings struct {
	// spread says that the steps run in processes of the runner's own, which share what is sent and stored and
	// nothing else, and that the runner goes back to a checkpoint after a failure.
	spread   bool
	patience time.Duration // how long the store or the broker may fail before the bundle does; 0: until the job ends
	unstored int64         // bounds from above how many offsets lie between what the fleet folds and what is stored

	pollRecords, pollBytes int // of a poll at most; 0: the source's own
}

// credit is how many records of a partition may be under way, from the source's hand to the store, before the source
// pauses.
const credit = 40_000

// onPrism is what the steps are told. Unstored are the credit, the poll that exceeds it, and room for offsets that
// hold no record.
var onPrism = runnerSettings{unstored: 4 * credit}

// live is the streaming pipeline of one job: the log in, documents, dead letters and marks out.
func live(cfg Config, job string, from start, on runnerSettings) *beam.Pipeline {
	p, s := beam.NewPipelineWithRoot()
	partitions := len(from.offsets)
	shards := cfg.shards(partitions)

	source := kafkaio.ReadConfig{
		Job: job, Kafka: cfg.Kafka, Topic: cfg.Topic, Epoch: from.epoch,
		Starts: from.offsets, Ends: from.until(), Have: from.have,
		CreditRecords: credit, Spread: on.spread, PollRecords: on.pollRecords, PollBytes: on.pollBytes,
	}
	if cfg.tune != nil {
		cfg.tune(&source)
	}
	polls := kafkaio.Read(s, source)
	parts, dead := decode.ByShard(s, decode.Config{Topic: cfg.Topic, Partitions: partitions, Shards: shards}, polls)
	docs := fleet.Track(s, fleet.Config{
		Job: job, StoreURI: cfg.StoreURI,
		Shards: int32(
			shards,
		), Partitions: int32(partitions), Epoch: from.epoch, Unconfirmed: on.unstored, Memory: cfg.Memory,
		Rewinds: on.spread, Patience: on.patience,
	}, parts)
	stored := storeio.Write(s, storeio.Config{Job: cfg.name, StoreURI: cfg.StoreURI, Patience: on.patience}, docs)
	buried := kafkaio.WriteDeadLetters(
		s,
		kafkaio.DeadLetterConfig{Job: job, Kafka: cfg.Kafka, Spread: on.spread, Patience: on.patience},
		dead,
	)
	kafkaio.LowWater(s, kafkaio.LowWaterConfig{
		Job: job, Store: cfg.StoreURI, Topic: cfg.Topic, Epoch: from.epoch, Kafka: cfg.Kafka, Group: cfg.group,
		Starts: from.offsets, Spread: on.spread,
	}, beam.Flatten(s, stored, buried))
	return p
}
