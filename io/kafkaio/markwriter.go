package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/cluster"
	"argos/retry"
)

const (
	keepEvery   = 100 * time.Millisecond // a mark is a transaction of the store
	keepTimeout = 5 * time.Second
	adviseEvery = time.Second
)

// markWriter writes a job's marks to the store, and then tells Kafka's group of them. A crash between a part's
// documents and its mark costs a replay, which the store's guard refuses.
type markWriter struct {
	job   *Job
	cfg   LowWaterConfig
	store argos.Store
	kafka *cluster.Client

	mu      sync.Mutex // one write at a time
	written []int64    // by partition; 0: nothing, as of those that other processes keep
	untold  bool       // the group is behind written
	told    time.Time
	storing retry.Incident
	telling retry.Incident
}

// startMarkWriter starts writing the job's marks to the store, once a job.
func (j *Job) startMarkWriter(ctx context.Context, cfg LowWaterConfig) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.markWriter != nil {
		return nil
	}
	client, err := j.clientLocked(cfg.Kafka, cfg.Topic)
	if err != nil {
		return err
	}
	store, err := argos.Process.Open(ctx, cfg.Store)
	if err != nil {
		return fmt.Errorf("the marks have no store: %w", err)
	}
	k := &markWriter{
		job: j, cfg: cfg, store: store, kafka: client, written: make([]int64, len(j.partitions)),
		storing: retry.Incident{
			What: "writing the marks",
		}, telling: retry.Incident{What: "committing to the consumer group"},
	}
	for p := range j.partitions {
		k.written[p] = j.partitions[p].tracker.mark // where the job starts is what is stored
	}
	j.markWriter = k
	j.tasks.Go(func() { k.run(j.ctx) })
	return nil
}

// FlushMarks writes the marks to the store now. Without a low-water step there is nothing to write.
func (j *Job) FlushMarks(ctx context.Context) error {
	j.mu.Lock()
	k := j.markWriter
	j.mu.Unlock()
	if k == nil {
		return nil
	}
	return k.flush(ctx)
}

func (k *markWriter) run(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for pause := retry.Backoff(0); ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := k.flush(ctx); err == nil {
			pause = 0
			k.advise(ctx, adviseEvery)
		} else if ctx.Err() == nil {
			pause.Wait(ctx)
		}
	}
}

func (k *markWriter) flush(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var marks []argos.Mark
	now := k.job.marksAt(k.cfg.Topic, k.cfg.Epoch)
	k.written = append(k.written, make([]int64, len(now)-len(k.written))...)
	for p, m := range now {
		if m.Offset > k.written[p] {
			marks = append(marks, m)
		}
	}
	if len(marks) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	if err := k.store.SetMarks(ctx, marks); err != nil {
		markErrors.Inc()
		k.storing.Failed(err)
		return fmt.Errorf("write the marks of topic %s: %w", k.cfg.Topic, err)
	}
	k.storing.Over()
	for _, m := range marks {
		k.written[m.Partition] = m.Offset
	}
	k.untold = true
	return nil
}

// advise commits the stored marks to Kafka's consumer group, for tools that show a lag. Nothing is ever read from
// there.
func (k *markWriter) advise(ctx context.Context, every time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	held := k.job.commit != nil // a commit also says that the partition has an owner, see package membership
	if k.cfg.Group == "" || !held && !k.untold || time.Since(k.told) < every {
		return
	}
	k.told = time.Now()
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	switch err := k.commit(ctx); {
	case err == nil:
		k.untold = false
		k.telling.Over("group", k.cfg.Group)
	case !errors.Is(err, context.Canceled):
		commitErrors.Inc()
		k.telling.Failed(err, "group", k.cfg.Group)
	}
}

// commit looks into the answer: the call succeeds while the group's coordinator is still loading.
func (k *markWriter) commit(ctx context.Context) error {
	if k.job.commit != nil {
		return k.job.commit(ctx, k.job.ownedMarks())
	}
	offsets := make([]kafka.OffsetCommit, 0, len(k.written))
	for p, o := range k.written {
		if o == 0 && k.cfg.Spread {
			continue
		}
		offsets = append(offsets, kafka.OffsetCommit{Partition: p, Offset: o})
	}
	// Generation -1 is that of a group without members; 0 would be refused.
	res, err := k.kafka.OffsetCommit(ctx, &kafka.OffsetCommitRequest{
		GroupID: k.cfg.Group, GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{k.cfg.Topic: offsets},
	})
	if err != nil {
		return err
	}
	answers := res.Topics[k.cfg.Topic]
	for _, p := range answers {
		if p.Error != nil {
			return p.Error
		}
	}
	if len(answers) < len(offsets) {
		return fmt.Errorf("%d of %d partitions answered", len(answers), len(offsets))
	}
	return nil
}

// close writes what is not written yet. The job's goroutines have ended.
func (k *markWriter) close() error {
	err := k.flush(context.Background())
	if err == nil {
		k.advise(context.Background(), 0)
	}
	return errors.Join(err, k.store.Close())
}
