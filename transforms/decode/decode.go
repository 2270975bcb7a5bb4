// Package decode turns the polls of the source into parts: the records of each shard, and the dead letters of what cannot
// be read. Garbage never stops the job.
package decode

import (
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/prometheus/client_golang/prometheus"
)

func init() {
	register.DoFn4x1[int64, []byte, func(int64, []byte), func(int64, []byte), error](&Fn{})
	register.Emitter2[int64, []byte]()
}

var refused = prometheus.NewCounter(prometheus.CounterOpts{
	Name: "argos_decode_refused_records_total",
	Help: "Records of the log that could not be read or lay in a foreign partition, and became dead letters.",
})

// Collectors returns the metrics of all decoders in the process.
func Collectors() []prometheus.Collector { return []prometheus.Collector{refused} }

// Config is what a decoder must know of the topic and the job.
type Config struct {
	Topic      string
	Partitions int
	Shards     int // a multiple of Partitions; 0: each truck is a key of its own
}

// ByShard divides polls, KV<int64 partition, []byte poll>, into shard parts, KV<int64 shard, []byte payload>, and
// dead parts, KV<int64 partition, []byte part and dead letters>. Each poll has at least one part.
func ByShard(s beam.Scope, cfg Config, polls beam.PCollection) (parts, dead beam.PCollection) {
	return beam.ParDo2(s.Scope("decode.ByShard"), &Fn{Config: cfg}, polls)
}

// Fn is the DoFn of ByShard.
type Fn struct {
	Config Config
	router *Router
}

// ProcessElement divides one poll.
func (f *Fn) ProcessElement(partition int64, poll []byte, parts, dead func(int64, []byte)) error {
	if f.router == nil {
		f.router = &Router{Topic: f.Config.Topic, Partitions: f.Config.Partitions, Shards: f.Config.Shards}
	}
	return f.router.Poll(partition, poll, parts, dead)
}
