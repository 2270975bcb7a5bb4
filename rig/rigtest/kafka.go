// Package rigtest lends the tests of a package one Apache Kafka, since each start takes seconds.
package rigtest

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"

	"argos/rig"
)

// Who may come in by the secure door of a Kafka.
const (
	User     = "argos"
	Password = "Sesam3 open"
)

// Kafka is the Apache Kafka of a package's tests, which must not run in parallel. The first test that asks starts it, TestMain
// ends it.
type Kafka struct {
	*rig.Kafka
	Lossy *Proxy // clients that come in here stay here

	dir string
	err error
}

// Start lends the broker to a test: running, also after a test that killed it. Without what a broker needs the test is skipped.
func (k *Kafka) Start(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts an Apache Kafka")
	}
	switch {
	case k.Kafka == nil && k.err == nil:
		k.err = k.start()
	case k.Kafka != nil:
		select {
		case <-k.Done():
			k.err = k.Kafka.Start(context.Background())
		default:
		}
	}
	if errors.Is(k.err, rig.ErrMissing) {
		t.Skip(k.err)
	}
	if k.err != nil {
		t.Fatal(k.err)
	}
}

func (k *Kafka) start() (err error) {
	if k.dir, err = os.MkdirTemp("", "argos-kafka-"); err != nil {
		return err
	}
	behind, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not wait for anybody
	if err != nil {
		return err
	}
	if k.Lossy, err = newProxy(behind.Addr().String()); err != nil {
		return err
	}
	if err := behind.Close(); err != nil { // it is the broker's now
		return err
	}
	started, err := rig.StartKafka(context.Background(), k.dir, rig.KafkaConfig{
		User: User, Password: Password, Proxied: []rig.Listener{{Advertised: k.Lossy.Addr(), Listen: behind.Addr().String()}},
	})
	if err != nil {
		return err
	}
	k.Kafka = started
	return nil
}

// End kills the broker, if there is one, and takes its data away.
func (k *Kafka) End() {
	if k.Kafka != nil {
		k.Kill()
	}
	if k.Lossy != nil {
		k.Lossy.close()
	}
	if k.dir != "" {
		_ = os.RemoveAll(k.dir)
	}
}
