// Package kfakeio is the broker that Argos brings along: franz-go's kfake with its data on disk, speaking the Kafka
// protocol on a loopback port. It is not Apache Kafka and says so: one node, no replication, no fsync of each batch, so
// what is acknowledged survives the end of the process (kill -9 included), but not necessarily a loss of power.
package kfakeio

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/twmb/franz-go/pkg/kfake"

	"argos"
)

// DefaultPartitions is the number of partitions of a new argos.Topic when the caller asks for none in particular.
const DefaultPartitions = 8

// Config says where the broker keeps its data and listens.
type Config struct {
	Dir        string // made when missing; of one process at a time
	Listen     string // loopback HOST:PORT; port 0 or an empty string: any free port
	Partitions int    // of argos.Topic; 0: what the data has, DefaultPartitions when there is none yet
	Log        *slog.Logger
}

// Broker is a running embedded broker.
type Broker struct {
	dir     string
	addr    string
	cluster *kfake.Cluster
	lock    *flock.Flock
	log     *slog.Logger
	crammed atomic.Bool // the disk is nearly full
	broken  atomic.Bool // a batch could not be written
	stop    chan struct{}
	trimmer sync.WaitGroup
	once    sync.Once
}

// Start opens the data of an earlier run, or begins anew, and serves it. Both topics exist when it returns.
func Start(cfg Config) (*Broker, error) {
	b, err := start(cfg, retentionBytes, retentionEvery)
	if err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	return b, nil
}

func start(cfg Config, keep int64, every time.Duration) (_ *Broker, err error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	listen, err := loopback(cfg.Listen)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	b := &Broker{dir: cfg.Dir, lock: lock, log: cfg.Log, stop: make(chan struct{})}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	if b.cluster, err = b.open(cfg, listen); err != nil {
		return nil, err
	}
	b.addr = b.cluster.ListenAddrs()[0]
	if err = b.ensureTopics(cfg.Partitions, keep); err != nil {
		return nil, err
	}
	b.guardSpace()
	b.trimmer.Go(func() { b.trim(every) })
	cfg.Log.Info("embedded Kafka-protocol broker, not Apache Kafka", "addr", b.addr, "dir", b.dir)
	return b, nil
}

// Addr is the HOST:PORT to reach the broker at.
func (b *Broker) Addr() string { return b.addr }

func (b *Broker) String() string {
	return fmt.Sprintf("embedded Kafka-protocol broker, not Apache Kafka, at %s with its data in %s", b.addr, b.dir)
}

// Close ends the service and writes down what makes the next start quick.
func (b *Broker) Close() {
	b.once.Do(func() {
		close(b.stop)
		b.trimmer.Wait()
		if b.cluster != nil {
			b.cluster.Close()
		}
		_ = b.lock.Close() // the lock goes with the process at the latest
	})
}

func loopback(listen string) (string, error) {
	if listen == "" {
		return "127.0.0.1:0", nil
	}
	addr, err := net.ResolveTCPAddr("tcp", listen)
	if err != nil {
		return "", fmt.Errorf("listen address %q: %w", listen, err)
	}
	if addr.IP == nil {
		addr.IP = net.IPv4(127, 0, 0, 1)
	}
	if !addr.IP.IsLoopback() {
		return "", fmt.Errorf("listen address %q: it has no authentication and serves this machine alone, on a loopback address", listen)
	}
	return addr.String(), nil
}

// lockDir makes the folder and takes it for this process: two brokers on the same files would destroy them.
func lockDir(dir string) (*flock.Flock, error) {
	if dir == "" {
		return nil, errors.New("no data directory given")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	switch held, err := lock.TryLock(); {
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS):
		return nil, fmt.Errorf("data directory %s cannot be written to: %w", dir, err)
	case err != nil:
		return nil, fmt.Errorf("lock data directory %s: %w", dir, err)
	case !held:
		return nil, fmt.Errorf("data directory %s is in use by another broker", dir)
	}
	return lock, nil
}

func (b *Broker) open(cfg Config, listen string) (*kfake.Cluster, error) {
	var listening error
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.ClusterID("argos-embedded"),
		kfake.DataDir(cfg.Dir),
		kfake.WithLogger(logger{cfg.Log, b.unwritten}),
		kfake.ListenFn(func(network, _ string) (ln net.Listener, err error) {
			ln, err = (&net.ListenConfig{}).Listen(context.Background(), network, listen)
			listening = err
			return ln, err
		}),
	)
	switch {
	case err == nil:
		return cluster, nil
	case errors.Is(listening, syscall.EADDRINUSE):
		return nil, fmt.Errorf("address %s is in use by another program", listen)
	case listening != nil:
		return nil, listening
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("data directory %s cannot be used: %w", cfg.Dir, err)
	default:
		return nil, fmt.Errorf("the data in %s is damaged or of a foreign version: %w", cfg.Dir, err)
	}
}

// ensureTopics makes the topics that are missing. A topic whose partition count changed has no common order, so another
// count than the data's is refused.
func (b *Broker) ensureTopics(partitions int, keep int64) error {
	for _, t := range []struct {
		name       string
		want, make int
		keep       int64
	}{
		{argos.Topic, partitions, DefaultPartitions, keep},
		{argos.DeadLetterTopic, 0, 1, keep},
	} {
		if have := b.cluster.TopicInfo(t.name); have != nil {
			if n := len(b.cluster.PartitionInfos(t.name)); t.want > 0 && n != t.want {
				return fmt.Errorf("topic %s in %s has %d partitions, not %d: keep them, or take a new data directory", t.name, b.dir, n, t.want)
			}
			continue
		}
		n := t.make
		if t.want > 0 {
			n = t.want
		}
		if err := b.cluster.CreateTopic(t.name, int32(n), topicConfig(t.keep)); err != nil {
			return fmt.Errorf("create topic %s: %w", t.name, err)
		}
	}
	return nil
}
