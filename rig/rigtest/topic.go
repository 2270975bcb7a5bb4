package rigtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// patience bounds a call about a topic, and the time until the broker does what the controller has said.
const patience = 20 * time.Second

// Topic makes a topic for one test and returns its name.
func (k *Kafka) Topic(t testing.TB, partitions int, settings ...kafka.ConfigEntry) string {
	t.Helper()
	name := fmt.Sprintf("test-%d", time.Now().UnixNano())
	k.MakeTopic(t, name, partitions, settings...)
	return name
}

// MakeTopic makes a topic and waits until it has its leaders.
func (k *Kafka) MakeTopic(t testing.TB, name string, partitions int, settings ...kafka.ConfigEntry) {
	t.Helper()
	client, done := k.client()
	defer done()
	made, err := client.CreateTopics(context.Background(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: name, NumPartitions: partitions, ReplicationFactor: 1, ConfigEntries: settings},
	}})
	if err == nil {
		err = made.Errors[name]
	}
	if err != nil {
		t.Fatal(err)
	}
	k.await(t, name+" has its leaders", func() bool {
		conn, err := kafka.DialLeader(context.Background(), "tcp", k.Addr, name, partitions-1)
		if err != nil {
			return false
		}
		_, err = conn.ReadLastOffset()
		return conn.Close() == nil && err == nil
	})
}

// DeleteTopic takes a topic away and waits until the broker knows it no more.
func (k *Kafka) DeleteTopic(t testing.TB, name string) {
	t.Helper()
	client, done := k.client()
	defer done()
	gone, err := client.DeleteTopics(context.Background(), &kafka.DeleteTopicsRequest{Topics: []string{name}})
	if err == nil {
		err = gone.Errors[name]
	}
	if err != nil {
		t.Fatal(err)
	}
	k.await(t, name+" is gone", func() bool {
		conn, err := kafka.Dial("tcp", k.Addr)
		if err != nil {
			return false
		}
		_, err = conn.ReadPartitions(name)
		_ = conn.Close()
		return err != nil
	})
}

// client has a transport of its own, for the common one may keep connections to a broker that was killed since.
func (k *Kafka) client() (*kafka.Client, func()) {
	own := &kafka.Transport{}
	return &kafka.Client{Addr: kafka.TCP(k.Addr), Timeout: patience, Transport: own}, own.CloseIdleConnections
}

func (k *Kafka) await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
