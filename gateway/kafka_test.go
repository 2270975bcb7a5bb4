package gateway

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"argos"
	"argos/cluster"
)

// produce is a fault of produce requests to the fixes' topic.
func produce(err *kerr.Error, count int) kfake.Fault {
	return kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: argos.Topic, Err: err, Count: count}
}

func TestNothingIsAckedBeforeTheBrokerHasIt(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	f := b.Fault(produce(kerr.NotLeaderForPartition, -1))
	c := g.dial("")
	heard := make(chan error, 1)
	go func() { heard <- c.hear() }()
	c.send(fixes("T", 0, 10))
	eventually(t, "three attempts", func() bool { return g.metric("produce_retries_total") >= 3 })
	select {
	case err := <-heard:
		t.Fatal("heard something before the broker had the fixes", c.acked, err)
	default:
	}
	if n := g.metric("fixes_unconfirmed"); n != 10 {
		t.Error("unconfirmed:", n)
	}
	f.Remove()
	if err := <-heard; err != nil {
		t.Fatal(err)
	}
	c.await(10)
	inOrder(t, "T", b.seqs()["T"], 10)
}

// Each of these leaves every fix in the log once, in order, and acked.
func TestFaultsThatPass(t *testing.T) {
	for name, faults := range map[string][]kfake.Fault{
		"stored, then no answer": {produce(kerr.RequestTimedOut, 1), produce(kerr.NotEnoughReplicasAfterAppend, 2)},
		"leader moves":           {produce(kerr.NotLeaderForPartition, 2), produce(kerr.LeaderNotAvailable, 1)},
		"producer id lost":       {produce(kerr.UnknownProducerID, 1)},
		"sequence lost":          {produce(kerr.OutOfOrderSequenceNumber, 2)},
		"epoch lost":             {produce(kerr.InvalidProducerEpoch, 1)},
		"too large once":         {produce(kerr.MessageTooLarge, 3)},
		"bad somewhere, once":    {produce(kerr.InvalidRecord, 2)},
		"disk full":              {produce(kerr.KafkaStorageError, 2)},
		"no producer id yet":     {{Keys: []kmsg.Key{kmsg.InitProducerID}, TopLevel: true, Err: kerr.CoordinatorLoadInProgress, Count: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			b := startBroker(t, 1)
			g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
			f := b.Fault(faults...)
			c := g.dial("")
			for i := range 20 {
				c.send(fixes("T", i*10, 10))
			}
			c.await(200)
			if f.Hits() == 0 {
				t.Error("no fault happened")
			}
			inOrder(t, "T", b.seqs()["T"], 200)
			if n := g.metric("possible_duplicates_total"); n != 0 || len(c.nacks) != 0 {
				t.Error("possible duplicates:", n, "nacks:", c.nacks)
			}
		})
	}
}

func TestNewProducerIDAfterAnUnansweredAttemptCountsPossibleDuplicates(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	b.Fault(produce(kerr.RequestTimedOut, 1))
	b.Fault(produce(kerr.UnknownProducerID, 1))
	c := g.dial("")
	c.send(fixes("T", 0, 10))
	c.await(10)
	if n := g.metric("possible_duplicates_total"); n != 10 {
		t.Error("possible duplicates:", n)
	}
	if n := len(b.seqs()["T"]); n != 20 {
		t.Error("this broker stored the first attempt too, so the log has 20 records; it has", n)
	}
}

func TestSequenceNumbersWrap(t *testing.T) {
	id := identity{sequence: math.MaxInt32 - 2}
	if id.advance(2); id.sequence != math.MaxInt32 {
		t.Error(id)
	}
	if id.advance(1); id.sequence != 0 {
		t.Error(id)
	}
	id.sequence = math.MaxInt32
	if id.advance(5); id.sequence != 4 {
		t.Error(id)
	}
}

func TestLostAnswersMakeNoDuplicates(t *testing.T) {
	l := newLink()
	b := startBroker(t, 2, l.opt())
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	l.loseEvery.Store(4)
	c := g.dial("")
	for i := range 60 {
		c.send(fixes("T", i*10, 10))
		c.send(fixes("U", i*10, 10))
		if i%5 == 4 {
			c.await(uint64(i+1) * 20) // several batches, not one
		}
	}
	l.loseEvery.Store(0)
	if g.metric("produce_retries_total") == 0 {
		t.Error("no answer was lost")
	}
	by := b.seqs()
	inOrder(t, "T", by["T"], 600)
	inOrder(t, "U", by["U"], 600)
}

func TestBrokerStopsAndComesBack(t *testing.T) {
	b := startBroker(t, 2)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	const trucks, frames, each = 3, 60, 20
	var acked atomic.Int64
	done := make(chan error, trucks)
	for i := range trucks {
		c := g.dial("")
		go func() {
			for k := range frames {
				c.send(fixes(fmt.Sprint("T-", i), k*each, each))
			}
		}()
		go func() {
			for c.acked < frames*each {
				before := c.acked
				if err := c.hear(); err != nil {
					done <- err
					return
				}
				acked.Add(int64(c.acked - before))
				if c.acked > frames*each/4 && i == 0 {
					time.Sleep(time.Millisecond) // a slow reader is no one's trouble
				}
			}
			done <- nil
		}()
	}
	eventually(t, "some acks", func() bool { return acked.Load() > 0 })
	if err := g.Ready(t.Context()); err != nil {
		t.Errorf("with a broker: %v", err)
	}
	b.Close()
	if err := g.Ready(t.Context()); err == nil {
		t.Error("it is ready without a broker")
	}
	late := g.dial("")
	late.send(fixes("late", 0, 5))
	eventually(t, "retries", func() bool { return g.metric("produce_retries_total") > 2 })
	if n := g.metric("fixes_unconfirmed"); n == 0 {
		t.Error("everything is confirmed without a broker")
	}
	if err := g.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "Kafka has not taken records for") {
		t.Errorf("in an outage: %v", err)
	}
	b.start()
	for range trucks {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	late.await(5)
	if err := g.Ready(t.Context()); err != nil {
		t.Errorf("after the outage: %v", err)
	}
	by := b.seqs()
	for i := range trucks {
		inOrder(t, fmt.Sprint("T-", i), by[fmt.Sprint("T-", i)], frames*each)
	}
	inOrder(t, "late", by["late"], 5)
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	b := startBroker(t, 1)
	for _, c := range []struct {
		Config
		says string
	}{
		{Config{}, "no Kafka broker address given"},
		{Config{Kafka: cluster.Plain("localhost")}, `Kafka address "localhost" is not HOST:PORT`},
		{Config{Kafka: cluster.Plain("127.0.0.1:1")}, "no Kafka broker answers at 127.0.0.1:1"},
		{Config{Kafka: cluster.Plain(b.addr), Topic: "nope"}, `has no topic "nope"`},
		{Config{Kafka: cluster.Plain(b.addr), DeadLetterTopic: "nope-dlq"}, `has no topic "nope-dlq"`},
	} {
		g, err := New(context.Background(), c.Config)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %q", err, c.says)
		}
		if g != nil {
			g.Close(context.Background())
		}
	}
}
