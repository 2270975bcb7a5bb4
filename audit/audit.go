// Package audit proves delivery after the fact: every fix that a sender holds an acknowledgement for is in the log,
// every stored document is the fold of its truck's log, and what could not be read has its dead letter. The fold is
// run anew, record by record, without Beam, shards or batches: what the pipeline does in parts and parallel must come
// to the same bytes. Beside it, what must hold of any document is counted without the filter.
//
// Memory is bounded by the trucks, not by the records: claims and records are matched by fingerprints in temporary
// files.
package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
	"argos/transforms/track"
)

// Config says what is audited against what.
type Config struct {
	Ledger    string // path of the senders' ledger
	NewLedger bool   // the ledger is another one than the last audit's, on purpose
	Kafka     cluster.Config
	Topic     string
	Store     argos.Store
	State     string // path of what the last audit proved, from which this one goes on and which it renews; "": none
	Running   bool   // the pipeline is at work, so some records are pending at any moment

	// Patience is how long the marks of a pipeline that is said to be at work may stand still while records are
	// pending; default 30 s.
	Patience time.Duration

	// Progress, if set, is told how far ledger and log have been read.
	Progress *Progress

	// Folded, if set, is shown every record after it was folded, partition by partition, in log order.
	Folded func(r *argos.Record, t *track.Track)

	sought int // maxSought; a test's is less
}

// Refusals: an audit of these would prove everything, or nothing.
var (
	ErrNoMarks = errors.New(
		"audit: the store has no marks of this topic, so no pipeline has begun on it, or they were taken away: " +
			"is it the right store?",
	)
	ErrEmptyLedger = errors.New(
		"audit: the ledger has no acknowledged fix, so it proves nothing of delivery: is it the senders' one?")
)

// auditor is one audit at work.
type auditor struct {
	*Report
	cfg       Config
	state     *state
	claims    *claims
	documents map[string]*document
	missing   map[string]argos.Pos // trucks without a document, and where a record below the mark is

	parts   []*partition
	layouts [][]*section // by layout and partition
	epoch   int32        // of the first layout

	awaited map[string]argos.Truck // the documents that a pipeline at work is going to store
}

// Run audits. The gateway and the pipeline may be running or stopped.
//
// What is read first is contained in what is read after it: below the marks, all is in the documents; what the
// documents have folded, and what the ledger says was acked, is below the log's end.
func Run(ctx context.Context, c Config) (*Report, error) {
	if c.Progress == nil {
		c.Progress = &Progress{}
	}
	if c.Patience == 0 {
		c.Patience = 30 * time.Second
	}
	a := &auditor{
		Report: &Report{Running: c.Running}, cfg: c, missing: map[string]argos.Pos{}, awaited: map[string]argos.Truck{},
	}
	if err := a.run(ctx); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return a.Report, nil
}

func (a *auditor) run(ctx context.Context) (err error) {
	if a.state, err = readState(a.cfg.State, a.cfg.Topic); err != nil {
		return err
	}
	layouts, err := a.cfg.Kafka.Layouts(ctx, a.cfg.Topic)
	if err != nil {
		return err
	}
	marks, err := a.cfg.Store.Marks(ctx, a.cfg.Topic)
	if err != nil {
		return fmt.Errorf("read the marks: %w", err)
	}
	if len(marks) == 0 {
		return ErrNoMarks
	}
	if a.documents, err = readDocuments(ctx, a.cfg.Store, a.Report); err != nil {
		return fmt.Errorf("read the documents: %w", err)
	}
	if err := a.readLedger(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.claims.close()) }()
	log, err := kafkaio.Offsets(ctx, a.cfg.Kafka, a.cfg.Topic)
	if err != nil {
		return fmt.Errorf("ask for the log's ends: %w", err)
	}
	if err := a.place(ctx, marks, log, layouts); err != nil {
		return err
	}
	for _, sections := range a.layouts {
		for _, s := range sections {
			a.cfg.Progress.End.Add(s.last - s.from)
		}
	}
	if err := a.fold(ctx); err != nil {
		return err
	}
	if err := a.judgeClaims(ctx); err != nil {
		return fmt.Errorf("compare the ledger with the log: %w", err)
	}
	a.judgeMarks()
	a.judgeDocuments()
	if err := a.judgePending(ctx); err != nil {
		return err
	}
	if err := a.judgeLetters(ctx); err != nil {
		return fmt.Errorf("read the dead letters: %w", err)
	}
	if a.cfg.State == "" || a.refuted() || a.Stalled { // what is wrong has to be found again until it is dealt with
		return nil
	}
	return a.state.write(a.cfg.State)
}
