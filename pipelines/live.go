// Package pipelines joins sources, transforms and sinks, and runs what it has joined.
package pipelines

import (
	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"argos/io/kafkaio"
	"argos/io/storeio"
	"argos/transforms/decode"
	"argos/transforms/fleet"
)

// credit is how many records of a partition may be under way, from the source's hand to the store, before the source pauses.
const credit = 40_000

// unstored bounds from above how many offsets lie between what the fleet folds and what is stored: the credit, the poll that
// exceeds it, and room for offsets that hold no record.
const unstored = 4 * credit

// live is the streaming pipeline of one job: the log in, documents, dead letters and marks out.
func live(cfg Config, job string, from start) *beam.Pipeline {
	p, s := beam.NewPipelineWithRoot()
	partitions := len(from.offsets)
	shards := cfg.shards(partitions)

	source := kafkaio.ReadConfig{Job: job, Kafka: cfg.Kafka, Topic: cfg.Topic, Epoch: from.epoch, Starts: from.offsets, CreditRecords: credit}
	if cfg.tune != nil {
		cfg.tune(&source)
	}
	polls := kafkaio.Read(s, source)
	parts, dead := decode.ByShard(s, decode.Config{Topic: cfg.Topic, Partitions: partitions, Shards: shards}, polls)
	docs := fleet.Track(s, fleet.Config{
		Job: job, StoreURI: cfg.StoreURI,
		Shards: int32(shards), Partitions: int32(partitions), Epoch: from.epoch, Unconfirmed: unstored,
	}, parts)
	stored := storeio.Write(s, storeio.Config{Job: cfg.name, StoreURI: cfg.StoreURI}, docs)
	buried := kafkaio.WriteDeadLetters(s, kafkaio.DeadLetterConfig{Job: job, Kafka: cfg.Kafka}, dead)
	kafkaio.LowWater(s, kafkaio.LowWaterConfig{
		Job: job, Store: cfg.StoreURI, Topic: cfg.Topic, Epoch: from.epoch, Kafka: cfg.Kafka, Group: Group,
	}, beam.Flatten(s, stored, buried))
	return p
}
