package cluster_test

import (
	"errors"
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

// TestLayouts: what was written last for a topic is what everybody reads, and another topic's is not.
func TestLayouts(t *testing.T) {
	at := broker(t)
	if all, err := at.Layouts(t.Context(), "fixes"); err != nil || all != nil {
		t.Fatalf("nobody has written: %v, %v", all, err)
	}
	first := []cluster.Layout{{Partitions: 2}}
	grown := append(slices.Clone(first), cluster.Layout{Partitions: 3, Starts: []int64{7, 0, 1}})
	var was []cluster.Layout
	for _, want := range [][]cluster.Layout{first, grown, {{Partitions: 1}}, grown} {
		if err := at.SetLayouts(t.Context(), "fixes", was, want); err != nil {
			t.Fatal(err)
		}
		if got, err := at.Layouts(t.Context(), "fixes"); err != nil || !cluster.SameLayouts(got, want) {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
		was = want
	}
	if all, err := at.Layouts(t.Context(), "others"); err != nil || all != nil {
		t.Errorf("another topic: %v, %v", all, err)
	}
}

// TestLayoutsOfTwoWriters: of many that have read the same layouts and write others at once, one has it, and all
// others are told so.
func TestLayoutsOfTwoWriters(t *testing.T) {
	at := broker(t)
	first := []cluster.Layout{{Partitions: 2}}
	if err := at.SetLayouts(t.Context(), "fixes", nil, first); err != nil {
		t.Fatal(err)
	}
	const writers = 8
	errs := make(chan error, writers)
	for n := range writers {
		go func() {
			grown := cluster.Layout{Partitions: 3, Starts: []int64{int64(n), 0, 0}}
			errs <- at.SetLayouts(t.Context(), "fixes", first, append(slices.Clone(first), grown))
		}()
	}
	had := 0
	for range writers {
		if err := <-errs; err == nil {
			had++
		} else if !errors.Is(err, cluster.ErrLayoutsChanged) {
			t.Error(err)
		}
	}
	if had != 1 {
		t.Errorf("%d of %d writers had it", had, writers)
	}
}

// TestLayoutsOfAStranger: a record that can't be one of ours is an error, and not taken for a layout.
func TestLayoutsOfAStranger(t *testing.T) {
	at := broker(t)
	if err := at.SetLayouts(t.Context(), "fixes", nil, []cluster.Layout{{Partitions: 2}}); err != nil {
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
