package cluster_test

import (
	"slices"
	"testing"

	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"argos/cluster"
)

func broker(t *testing.T) cluster.Config {
	t.Helper()
	b, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return cluster.Plain(b.ListenAddrs()...)
}

func same(a, b []cluster.Layout) bool {
	return slices.EqualFunc(a, b, func(a, b cluster.Layout) bool {
		return a.Partitions == b.Partitions && slices.Equal(a.Starts, b.Starts)
	})
}

// TestLayouts: what was written last for a topic is what everybody reads, and another topic's is not.
func TestLayouts(t *testing.T) {
	at := broker(t)
	if all, err := at.Layouts(t.Context(), "fixes"); err != nil || all != nil {
		t.Fatalf("nobody has written: %v, %v", all, err)
	}
	first := []cluster.Layout{{Partitions: 2}}
	grown := append(slices.Clone(first), cluster.Layout{Partitions: 3, Starts: []int64{7, 0, 1}})
	for _, want := range [][]cluster.Layout{first, grown, {{Partitions: 1}}, grown} {
		if err := at.SetLayouts(t.Context(), "fixes", want); err != nil {
			t.Fatal(err)
		}
		if got, err := at.Layouts(t.Context(), "fixes"); err != nil || !same(got, want) {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
	}
	if all, err := at.Layouts(t.Context(), "others"); err != nil || all != nil {
		t.Errorf("another topic: %v, %v", all, err)
	}
}

// TestLayoutsOfAStranger: a record that can't be one of ours is an error, and not taken for a layout.
func TestLayoutsOfAStranger(t *testing.T) {
	at := broker(t)
	if err := at.SetLayouts(t.Context(), "fixes", []cluster.Layout{{Partitions: 2}}); err != nil {
		t.Fatal(err)
	}
	client, err := at.Client(cluster.LayoutTopic("fixes"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, value := range []string{
		"", "{", `{"layouts":[{"partitions":0}]}`,
		`{"layouts":[{"partitions":3},{"partitions":2,"starts":[1,2]}]}`,
		`{"layouts":[{"partitions":1},{"partitions":2,"starts":[1]}]}`,
	} {
		res, err := client.Produce(t.Context(), &kafka.ProduceRequest{
			Topic: cluster.LayoutTopic("fixes"), RequiredAcks: kafka.RequireAll,
			Records: kafka.NewRecordReader(kafka.Record{
				Key: kafka.NewBytes([]byte("fixes")), Value: kafka.NewBytes([]byte(value)),
			}),
		})
		if err != nil || res.Error != nil {
			t.Fatal(err, res.Error)
		}
		if all, err := at.Layouts(t.Context(), "fixes"); err == nil {
			t.Errorf("%s: %v", value, all)
		}
	}
}
