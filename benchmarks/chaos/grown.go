package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/rig"
	"argos/transforms/track"
	"argos/wire"
)

// grownTo is how many partitions the topic has in the end.
const grownTo = partitions + 4

// topicGrows adds partitions to the topic while the pipeline is behind, and does what the refusals say. The pipeline is killed on its way.
func topicGrows(ctx context.Context, s *system) error {
	s.pipeline.Stop()
	if err := pause(ctx, 5*time.Second); err != nil { // the lag
		return err
	}
	admin := &kafka.Client{Addr: kafka.TCP(s.brokerAddr), Timeout: 10 * time.Second}
	res, err := admin.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{
		Topics: []kafka.TopicPartitionsConfig{{Name: argos.Topic, Count: grownTo}},
	})
	if err = errors.Join(err, res.Errors[argos.Topic]); err != nil {
		return fmt.Errorf("add partitions: %w", err)
	}
	if err := saysSoon(ctx, s.gateway, "this gateway takes no more fixes"); err != nil {
		return err
	}
	s.gateway.Kill()
	for _, p := range []*part{s.gateway, s.pipeline} {
		if err := refuses(ctx, p, "start the pipeline once with --accept-partitions"); err != nil {
			return err
		}
	}
	addrs, err := rig.FreeAddrs(1)
	if err != nil {
		return err
	}
	accepting := s.role("is stored first", addrs[0], "pipeline", "--kafka", s.consume.addr, "--store", s.storedAt, "--accept-partitions")
	if err := accepting.begin(ctx); err != nil {
		return err
	}
	accepting.Kill() // amid the old layout
	if err := s.gateway.begin(ctx); err != nil {
		return err
	}
	return s.pipeline.begin(ctx) // needs no flag to go on
}

// saysSoon waits for a sentence in what a part says.
func saysSoon(ctx context.Context, p *part, sentence string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for !strings.Contains(p.Output(), sentence) {
		if err := pause(ctx, lookEvery); err != nil {
			return fmt.Errorf("the %s does not say %q: %s", p.name, sentence, p.Output())
		}
	}
	return nil
}

// refuses fails unless a part, which has ended, refuses to start and says why.
func refuses(ctx context.Context, p *part, why string) error {
	err := p.begin(ctx)
	if err == nil {
		p.Kill()
		return fmt.Errorf("the %s starts on a topic that has grown", p.name)
	}
	if !strings.Contains(err.Error(), "refuse to start") || !strings.Contains(err.Error(), why) {
		return fmt.Errorf("the %s should refuse: %w", p.name, err)
	}
	return nil
}

// sent is how a sender names a fix.
type sent struct {
	Truck string `json:"truck_id"`
	Seq   int64  `json:"seq"`
}

// auditLayouts is the audit of a log that was written by one layout after the other, which argos audit can't judge: what was acked is in
// the log, and each document is the fold of its truck's records by the layouts in turn.
func (s *system) auditLayouts(ctx context.Context, res *result) error {
	tracks, found, err := s.foldLayouts(ctx)
	if err != nil {
		return err
	}
	if err := s.readLedger(func(e sent) {
		res.Acked++
		if found[e] == 0 {
			res.Lost++
		}
	}); err != nil {
		return err
	}
	for _, n := range found {
		res.Duplicates += n - 1
	}
	store, err := argos.Process.Open(ctx, s.store)
	if err != nil {
		return err
	}
	defer store.Close()
	docs, err := store.After(ctx, "", len(tracks)+1)
	if err != nil {
		return err
	}
	for _, d := range docs {
		t := tracks[d.ID]
		if t == nil {
			res.Diverged++
			continue
		}
		delete(tracks, d.ID)
		var want argos.Truck
		t.Fill(&want)
		if d.Rev != want.Rev || d.Fixes != want.Fixes || d.Lat != want.Lat || d.Lon != want.Lon || d.Pos != want.Pos ||
			string(d.Track) != string(want.Track) {
			res.Diverged++
		}
	}
	res.Diverged += int64(len(tracks)) // no document
	if res.Acked == 0 || res.Lost > 0 || res.Diverged > 0 {
		return fmt.Errorf("acked %d, lost %d, diverged %d", res.Acked, res.Lost, res.Diverged)
	}
	return nil
}

// foldLayouts folds the log by its layouts in turn, and counts how often it has each fix.
func (s *system) foldLayouts(ctx context.Context) (map[string]*track.Track, map[sent]int64, error) {
	at := cluster.Plain(s.brokerAddr)
	layouts, err := at.Layouts(ctx, argos.Topic)
	if err == nil && (len(layouts) != 2 || layouts[1].Partitions != grownTo) {
		err = fmt.Errorf("the layouts are %v", layouts)
	}
	if err != nil {
		return nil, nil, err
	}
	log, err := kafkaio.Offsets(ctx, at, argos.Topic)
	if err != nil {
		return nil, nil, err
	}
	tracks, found := map[string]*track.Track{}, map[sent]int64{}
	var parser wire.Parser
	for i, l := range layouts {
		for p := range l.Partitions {
			from, to := log[p].First, log[p].Last
			if i > 0 {
				from = l.Starts[p]
			}
			if i+1 < len(layouts) {
				to = layouts[i+1].Starts[p]
			}
			err := kafkaio.Scan(ctx, at, argos.Topic, p, from, to, func(r argos.LogRecord) error {
				var rec argos.Record
				if err := parser.Record(r.Value, &rec); err != nil {
					return err
				}
				if argos.PartitionOf(rec.TruckID, l.Partitions) != p {
					return fmt.Errorf("truck %s is in partition %d of %d at offset %d", rec.TruckID, p, l.Partitions, r.Offset)
				}
				found[sent{rec.TruckID, rec.Seq}]++
				if tracks[rec.TruckID] == nil {
					tracks[rec.TruckID] = &track.Track{}
				}
				tracks[rec.TruckID].Fold(&rec, argos.Pos{Epoch: int32(i), Partition: int32(p), Next: r.Offset + 1})
				return nil
			})
			if err != nil {
				return nil, nil, err
			}
		}
	}
	return tracks, found, nil
}

// readLedger hands on what was acked.
func (s *system) readLedger(acked func(sent)) error {
	f, err := os.Open(s.path("ledger.ndjson"))
	if err != nil {
		return err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); ; {
		if !lines.Scan() {
			return lines.Err()
		}
		var e struct {
			sent
			Outcome string `json:"outcome"`
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		if e.Outcome == "acked" {
			acked(e.sent)
		}
	}
}
