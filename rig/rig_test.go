package rig_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"testing"

	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl/scram"

	"argos/rig"
)

func must(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, rig.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestKafkaOutlivesItsProcess: the data of a killed broker is there when it is back, and both of its doors open.
func TestKafkaOutlivesItsProcess(t *testing.T) {
	k, err := rig.StartKafka(t.Context(), t.TempDir(), rig.KafkaConfig{User: "argos", Password: "secret"})
	must(t, err)
	defer func() { k.Kill() }()
	plain := &kafka.Client{Addr: kafka.TCP(k.Addr)}
	made, err := plain.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: "a", NumPartitions: 3, ReplicationFactor: 1}}})
	must(t, err)
	must(t, made.Errors["a"])
	k.Kill()
	must(t, k.Start(t.Context()))

	pem, err := os.ReadFile(k.CA)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	mechanism, err := scram.Mechanism(scram.SHA512, "argos", "secret")
	must(t, err)
	secure := &kafka.Client{Addr: kafka.TCP(k.Secure), Transport: &kafka.Transport{TLS: &tls.Config{RootCAs: roots}, SASL: mechanism}}
	m, err := secure.Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{"a"}})
	must(t, err)
	if len(m.Topics) != 1 || len(m.Topics[0].Partitions) != 3 {
		t.Errorf("%+v", m.Topics)
	}
}

func TestMongoListens(t *testing.T) {
	m, err := rig.StartMongo(t.Context(), t.TempDir())
	must(t, err)
	c, err := net.Dial("tcp", m.URI[len("mongodb://"):])
	must(t, err)
	must(t, c.Close())
	m.Stop()
	if _, err := net.Dial("tcp", m.URI[len("mongodb://"):]); err == nil {
		t.Error("it still listens")
	}
}
