package kafkaio_test

import (
	"context"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/io/kafkaio"
)

func (s *marksStore) Marks(context.Context, string) (all []argos.Mark, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.marks {
		all = append(all, m)
	}
	return all, nil
}

// headroom is what the metrics say of the only partition once they were set anew; NaN: nothing.
func headroom(t *testing.T, h *kafkaio.Headroom) map[string]float64 {
	t.Helper()
	reg := prometheus.NewRegistry()
	for _, c := range kafkaio.HeadroomCollectors() {
		c.(*prometheus.GaugeVec).Reset()
		reg.MustRegister(c)
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Follow(ctx)
	}()
	defer func() { end(); <-ended }()
	all := map[string]float64{}
	within(t, "the metrics are there", func() bool {
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			all[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
		}
		_, last := all["argos_oldest_unstored_seconds"] // of those that are set
		return last
	})
	if _, is := all["argos_retention_headroom_seconds"]; !is {
		all["argos_retention_headroom_seconds"] = math.NaN()
	}
	return all
}

// TestHeadroom: a hundred records, one a minute, of which some are stored, some were taken, and some soon will be.
func TestHeadroom(t *testing.T) {
	for name, c := range map[string]struct {
		taken, mark int64
		limit       time.Duration // of age; 0: none
		records     float64
		left        float64 // minutes; NaN: nobody knows
		age         float64 // minutes
	}{
		"nothing is taken":          {mark: 60, records: 60, left: math.NaN(), age: 40},
		"nothing is stored":         {mark: 0, records: 0, left: math.NaN(), age: 100},
		"by age, not yet":           {mark: 60, limit: 120 * time.Minute, records: 60, left: 80, age: 40},
		"nothing stored, by age":    {mark: 0, limit: 120 * time.Minute, records: 0, left: 20, age: 100},
		"by size":                   {taken: 20, mark: 60, records: 40, left: 40, age: 40},
		"by size, before the limit": {taken: 20, mark: 60, limit: 160 * time.Minute, records: 40, left: 40, age: 40},
		"all is stored":             {taken: 20, mark: 100, records: 80, left: 80, age: 0},
		"some was lost":             {taken: 70, mark: 60, limit: 160 * time.Minute, records: -10, left: 0, age: 30},
	} {
		t.Run(name, func(t *testing.T) {
			broker, at := newCluster(t, 1)
			client, err := at.Client(argos.Topic)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			began := time.Now().Add(-100 * time.Minute)
			for n := range 100 {
				res, err := client.Produce(t.Context(), &kafka.ProduceRequest{
					Topic: argos.Topic, RequiredAcks: kafka.RequireAll,
					Records: kafka.NewRecordReader(kafka.Record{
						Time: began.Add(time.Duration(n) * time.Minute), Value: kafka.NewBytes([]byte{1}),
					}),
				})
				if err != nil || res.Error != nil {
					t.Fatal(err, res.Error)
				}
			}
			limit := int64(-1)
			if c.limit > 0 {
				limit = c.limit.Milliseconds()
			}
			set, err := client.IncrementalAlterConfigs(t.Context(), &kafka.IncrementalAlterConfigsRequest{
				Resources: []kafka.IncrementalAlterConfigsRequestResource{{
					ResourceType: kafka.ResourceTypeTopic, ResourceName: argos.Topic,
					Configs: []kafka.IncrementalAlterConfigsRequestConfig{
						{Name: "retention.ms", Value: strconv.FormatInt(limit, 10)},
					},
				}},
			})
			if err != nil || set.Resources[0].Error != nil {
				t.Fatal(err, set)
			}
			if err := broker.DeleteRecords(argos.Topic, 0, c.taken); err != nil {
				t.Fatal(err)
			}
			store := &marksStore{marks: map[int32]argos.Mark{0: {Topic: argos.Topic, Offset: c.mark}}}
			got := headroom(t, &kafkaio.Headroom{Kafka: at, Topic: argos.Topic, Store: store})
			about := func(seconds, minutes float64) bool {
				return math.IsNaN(seconds) && math.IsNaN(minutes) || math.Abs(seconds/60-minutes) < 0.9
			}
			if got["argos_retention_headroom_records"] != c.records ||
				!about(got["argos_retention_headroom_seconds"], c.left) ||
				!about(got["argos_oldest_unstored_seconds"], c.age) {
				t.Errorf("%v; want %v records, %v and %v minutes", got, c.records, c.left, c.age)
			}
		})
	}
}
