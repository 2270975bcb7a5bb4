package kafkaio_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
)

func TestEnsureTopic(t *testing.T) {
	ctx, brokers := timed(t), newBroker(t, 3)
	if _, err := kafkaio.Partitions(ctx, brokers, "other"); !errors.Is(err, kafka.UnknownTopicOrPartition) {
		t.Fatalf("a missing topic gave %v", err)
	}
	for range 2 {
		if err := kafkaio.EnsureTopic(ctx, brokers, "other", 5); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := kafkaio.Partitions(ctx, brokers, "other"); n != 5 || err != nil {
		t.Fatalf("%d partitions, %v; want 5", n, err)
	}
	if err := kafkaio.EnsureTopic(ctx, brokers, argos.Topic, 8); err != nil {
		t.Fatal(err)
	}
	if n, err := kafkaio.Partitions(ctx, brokers, argos.Topic); n != 3 || err != nil {
		t.Fatalf("%d partitions, %v; an existing topic must stay as it is", n, err)
	}
}

func TestOffsets(t *testing.T) {
	ctx := timed(t)
	fake, brokers := newCluster(t, 3)
	fill(t, brokers, 1, 1_500)
	if err := fake.DeleteRecords(argos.Topic, 1, 200); err != nil {
		t.Fatal(err)
	}
	want := []cluster.Range{{}, {First: 200, Last: 1_500}, {}}
	if got, err := kafkaio.Offsets(ctx, brokers, argos.Topic); err != nil || !slices.Equal(got, want) {
		t.Fatalf("%v, %v; want %v", got, err, want)
	}

	// A broker that has just started: the call succeeds, with an error and the offset -1 for one partition.
	var faked atomic.Int32
	fake.ControlKey(int16(kmsg.ListOffsets), func(r kmsg.Request) (kmsg.Response, error, bool) {
		fake.KeepControl()
		req := r.(*kmsg.ListOffsetsRequest)
		p := req.Topics[0].Partitions[0]
		if p.Partition != 1 || faked.Add(1) > 3 {
			return nil, nil, false
		}
		res := req.ResponseKind().(*kmsg.ListOffsetsResponse)
		rp := kmsg.NewListOffsetsResponseTopicPartition()
		rp.Partition, rp.ErrorCode, rp.Offset = p.Partition, int16(kafka.NotLeaderForPartition), -1
		rt := kmsg.NewListOffsetsResponseTopic()
		rt.Topic, rt.Partitions = req.Topics[0].Topic, append(rt.Partitions, rp)
		res.Topics = append(res.Topics, rt)
		return res, nil, true
	})
	if got, err := kafkaio.Offsets(ctx, brokers, argos.Topic); err != nil || !slices.Equal(got, want) {
		t.Fatalf("%v, %v; want %v", got, err, want)
	}
	if faked.Load() < 3 {
		t.Fatal("the broker was not asked again")
	}
}

func TestUnreachableBrokerIsNamed(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close() // nobody listens there now
	ctx := timed(t)
	for name, call := range map[string]func() error{
		"EnsureTopic": func() error { return kafkaio.EnsureTopic(ctx, cluster.Plain(addr), argos.Topic, 1) },
		"Partitions":  func() error { _, err := kafkaio.Partitions(ctx, cluster.Plain(addr), argos.Topic); return err },
		"Offsets":     func() error { _, err := kafkaio.Offsets(ctx, cluster.Plain(addr), argos.Topic); return err },
		"Scan":        func() error { return kafkaio.Scan(ctx, cluster.Plain(addr), argos.Topic, 0, 0, 1, nil) },
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), "no Kafka broker answers at "+addr) {
			t.Errorf("%s says %v", name, err)
		}
	}
	if err := kafkaio.EnsureTopic(ctx, cluster.Config{}, argos.Topic, 1); err == nil || !strings.Contains(err.Error(), "no Kafka broker address given") {
		t.Errorf("no address: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := kafkaio.Offsets(gone, cluster.Plain(addr), argos.Topic); err == nil {
		t.Error("an ended context gave no error")
	}
}
