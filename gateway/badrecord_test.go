package gateway

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"argos"
	"argos/cluster"
)

func TestRecordTooLargeIsRefusedAndTheRestStored(t *testing.T) {
	b := startBroker(t, 1)
	if err := b.DeleteTopic(argos.Topic); err != nil {
		t.Fatal(err)
	}
	if err := b.CreateTopic(argos.Topic, 1, map[string]string{"max.message.bytes": "700"}); err != nil {
		t.Fatal(err)
	}
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	c := g.dial("")
	big := fmt.Sprintf(`{"truck_id":"BIG","ts":%d,"lat":1,"lon":2,"attrs":{"a":%q}}`, time.Now().UnixMilli(), strings.Repeat("x", 1000))
	c.send(fixes("T", 0, 50))
	c.send(big)
	c.send(fixes("T", 50, 50))
	c.await(101)
	if len(c.nacks) != 1 || !strings.Contains(c.nacks[51], "Kafka does not take this record") {
		t.Error(c.nacks)
	}
	by := b.seqs()
	inOrder(t, "T", by["T"], 100)
	if len(by["BIG"]) != 0 {
		t.Error("the large record is in the log")
	}
	eventually(t, "a dead letter", func() bool { return g.metric("dead_letters_total") == 1 })
	if m := b.logged(argos.DeadLetterTopic)[0][0]; string(m.Key) != "BIG" || !bytes.Contains(m.Value, []byte("xxxx")) {
		t.Errorf("%s: %s", m.Key, m.Value)
	}
}

func TestRecordThatKafkaFindsBadIsFoundByHalves(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	bad := produce(kerr.InvalidTimestamp, -1)
	bad.When = func(r kmsg.Request) bool {
		for _, t := range r.(*kmsg.ProduceRequest).Topics {
			for _, p := range t.Partitions {
				if bytes.Contains(p.Records, []byte("POISON")) {
					return true
				}
			}
		}
		return false
	}
	b.Fault(bad)
	c := g.dial("")
	c.send(fixes("T", 0, 37))
	c.send(fixes("POISON", 0, 1))
	c.send(fixes("T", 37, 20))
	c.await(58)
	if len(c.nacks) != 1 || c.nacks[38] == "" {
		t.Error(c.nacks)
	}
	inOrder(t, "T", b.seqs()["T"], 57)
	if g.metric("fixes_unconfirmed") != 0 || g.metric("fixes_refused_total") != 1 {
		t.Error("unconfirmed:", g.metric("fixes_unconfirmed"), "refused:", g.metric("fixes_refused_total"))
	}
}

// An answer that finds records bad which the batch does not have says no more than that the batch is bad.
func TestBadRecordsThatTheBatchDoesNotHaveAreFoundByHalves(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	var answers atomic.Int64
	b.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.KeepControl()
		if answers.Add(1) > 1 {
			return nil, nil, false
		}
		to := r.(*kmsg.ProduceRequest)
		p := kmsg.NewProduceResponseTopicPartition()
		p.ErrorCode = kerr.InvalidRecord.Code
		for _, at := range []int32{-1, 10, 4711} {
			bad := kmsg.NewProduceResponseTopicPartitionErrorRecord()
			bad.RelativeOffset = at
			p.ErrorRecords = append(p.ErrorRecords, bad)
		}
		answer := to.ResponseKind().(*kmsg.ProduceResponse)
		answer.Topics = []kmsg.ProduceResponseTopic{{Topic: to.Topics[0].Topic, Partitions: []kmsg.ProduceResponseTopicPartition{p}}}
		return answer, nil, true
	})
	c := g.dial("")
	c.send(fixes("T", 0, 10))
	c.await(10)
	if inOrder(t, "T", b.seqs()["T"], 10); len(c.nacks) != 0 || answers.Load() != 3 {
		t.Error("nacks:", c.nacks, "answers:", answers.Load())
	}
}
