package kafkaio

import (
	"errors"
	"fmt"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph/mtime"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/sdf"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/rtrackers/offsetrange"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"argos"
	"argos/cluster"
)

func init() {
	register.DoFn4x2[*watermark, *sdf.LockRTracker, int64, func(beam.EventTime, int64, []byte), sdf.ProcessContinuation, error](&readFn{})
	register.Emitter3[beam.EventTime, int64, []byte]()
}

// ReadConfig says what to read and in what portions. A tuning value that is zero takes its default, which was measured.
type ReadConfig struct {
	Job    string // of NewJob, in the worker's process
	Kafka  cluster.Config
	Topic  string
	Epoch  int32
	Starts []int64 // where each partition begins, unless the runner resumes from a state of its own

	// For what a topic that has grown held before: the job reads the partitions of then, each up to its end.
	Ends []int64 // nil: for ever
	Have int     // partitions of the topic; as many as Starts unless given

	// Spread says that the runner runs the functions in processes of its own, and paces the source by itself: credit,
	// calm and pace are then not for us, for what is stored is not known where it is read.
	Spread bool

	PollRecords   int           // a poll takes at most so many records: 10,000
	PollBytes     int           // and stops once it has so many bytes: 2 MB
	CalmRecords   int           // a poll of fewer waits until the partition's last one is stored: 2,000
	Pace          time.Duration // and so long since the partition's last one: 20 ms
	CreditRecords int           // a partition pauses while more than so many records, 40,000,
	CreditBytes   int           // or bytes, 16 MB, of it are not known to be stored
}

func (c *ReadConfig) setDefaults() {
	for _, v := range []struct {
		of        *int
		otherwise int
	}{
		{&c.PollRecords, 10_000},
		{&c.PollBytes, 2 << 20},
		{&c.CalmRecords, 2000},
		{&c.CreditRecords, 40_000},
		{&c.CreditBytes, 16 << 20},
	} {
		if *v.of == 0 {
			*v.of = v.otherwise
		}
	}
	if c.Pace == 0 {
		c.Pace = 20 * time.Millisecond
	}
	if c.Have == 0 {
		c.Have = len(c.Starts)
	}
}

// Read is the pipeline's source: KV<int64 partition, []byte poll>, where a poll [From, To) is an argos.Part with 0 of
// 0 and then its argos.LogRecords. The polls of a partition follow each other without a hole; where retention has
// taken records, or the log has none, To jumps; where another process has owned the partition in between, From does.
// A poll's Beam time is From as ms, so that a runner that orders by time keeps a partition in order.
//
// A poll's bytes are used again for the next one: a function that keeps them must copy.
func Read(s beam.Scope, cfg ReadConfig) beam.PCollection {
	s = s.Scope("kafkaio.Read")
	cfg.setDefaults()
	if len(cfg.Starts) == 0 {
		panic("kafkaio.Read: no partitions")
	}
	partitions := make([]any, len(cfg.Starts))
	for p := range partitions {
		partitions[p] = element(cfg.Epoch, p)
	}
	return beam.ParDo(s, &readFn{Config: cfg}, beam.Create(s, partitions...))
}

// How soon the source looks again. A look costs a bundle, so the longer nothing has come, the longer is the pause:
// see idlePause.
const (
	whenPaused = 5 * time.Millisecond
	idleLeast  = 10 * time.Millisecond
	idleMost   = 80 * time.Millisecond
	notOwned   = 200 * time.Millisecond

	// A runner that spreads counts in whole seconds. One that leaks a little at each look is spared it where nothing
	// comes.
	spreadIdle = 10 * time.Second
	spreadRest = time.Second
)

// ErrEpoch says that a runner goes on from a state of its own, whose offsets mean other records than the topic's
// present ones.
var ErrEpoch = errors.New("the checkpoint is of another epoch of the topic than the store's marks")

// ErrLog says that the log is not what the job reads any longer: its end lies below, or it has other partitions.
var ErrLog = errors.New("the log cannot be followed")

// end is where the job's reading of a partition ends.
func (c *ReadConfig) end(partition int) int64 {
	if c.Ends == nil {
		return endless
	}
	return c.Ends[partition]
}

// element stands for a partition. It says the epoch too, for a runner that goes on from a checkpoint keeps the
// elements of then.
func element(epoch int32, partition int) int64 { return int64(epoch)<<32 | int64(partition) }

// readFn polls one partition an element. Only exported fields travel to a worker.
type readFn struct {
	Config ReadConfig
	poll   []byte
}

func (f *readFn) CreateInitialRestriction(element int64) offsetrange.Restriction {
	return offsetrange.Restriction{Start: f.Config.Starts[int32(element)], End: endless}
}

func (f *readFn) SplitRestriction(_ int64, r offsetrange.Restriction) []offsetrange.Restriction {
	return []offsetrange.Restriction{r}
}

func (f *readFn) RestrictionSize(int64, offsetrange.Restriction) float64 { return 1 }

func (f *readFn) CreateTracker(r offsetrange.Restriction) *sdf.LockRTracker {
	return sdf.NewLockRTracker(newTracker(r))
}

// TruncateRestriction is a runner's own drain: nothing more is read.
func (f *readFn) TruncateRestriction(rt *sdf.LockRTracker, _ int64) offsetrange.Restriction {
	at := rt.GetRestriction().(offsetrange.Restriction).Start
	return offsetrange.Restriction{Start: at, End: at}
}

func (f *readFn) InitialWatermarkEstimatorState(_ beam.EventTime, r offsetrange.Restriction, _ int64) int64 {
	return r.Start
}

func (f *readFn) CreateWatermarkEstimator(next int64) *watermark    { return &watermark{next} }
func (f *readFn) WatermarkEstimatorState(w *watermark) (next int64) { return w.next }

// ProcessElement hands out at most one poll and never waits.
func (f *readFn) ProcessElement(w *watermark, rt *sdf.LockRTracker, element int64, emit func(beam.EventTime, int64, []byte)) (sdf.ProcessContinuation, error) {
	partition := int64(int32(element))
	if epoch := int32(element >> 32); epoch != f.Config.Epoch {
		return nil, fmt.Errorf("%w: %d, not %d", ErrEpoch, epoch, f.Config.Epoch)
	}
	job, err := jobNamed(f.Config.Job, f.Config.Spread)
	if err != nil {
		return nil, err
	}
	if job.isDraining() {
		rt.TryClaim(endless)
		return sdf.StopProcessing(), nil
	}
	rest := rt.GetRestriction().(offsetrange.Restriction)
	r, term, err := job.reader(&f.Config, int(partition), rest.Start)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return sdf.ResumeProcessingIn(untilTick(notOwned)), nil
	}
	from := r.at()
	ready, some, err := r.ready()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLog, err)
	}
	if pause, wait := f.pause(job, r, ready, some); wait {
		return sdf.ResumeProcessingIn(pause), nil
	}

	f.poll = append(f.poll[:0], make([]byte, argos.PartSize)...) // the head, known when the end is
	poll, n, to, last := r.take(f.poll, f.Config.PollRecords, f.Config.PollBytes)
	f.poll = poll
	var owned, claimed bool
	if claim := func() bool { return rt.TryClaim(to - 1) }; f.Config.Spread {
		owned, claimed = true, claim()
	} else {
		owned, claimed = job.handOut(int(partition), term, sent{from, to, last, n, len(f.poll)}, claim)
	}
	switch {
	case !owned: // it went to another process meanwhile
		return sdf.ResumeProcessingIn(untilTick(notOwned)), nil
	case !claimed:
		return sdf.StopProcessing(), nil
	}
	argos.Part{Partition: int32(partition), Epoch: f.Config.Epoch, Term: term, From: from, To: to}.Append(f.poll[:0])
	recordsRead.WithLabelValues(label(int(partition))).Add(float64(n))
	emit(mtime.Time(from), partition, f.poll)
	w.next = to
	return sdf.ResumeProcessingIn(f.rest(r)), nil
}

// pause says whether the partition has to wait before its next poll, and for how long.
func (f *readFn) pause(job *Job, r *reader, ready int, some bool) (d time.Duration, wait bool) {
	if f.Config.Spread {
		if r.sincePoll() > spreadIdle {
			d = spreadRest
		}
		return d, !some
	}
	d = f.paced(job, r, ready, some)
	return d, d > 0
}

// rest is how long a partition rests after a poll: not at all while there is more.
func (f *readFn) rest(r *reader) time.Duration {
	if _, more, err := r.ready(); f.Config.Spread || more || err != nil {
		return 0
	}
	return idlePause(r.quiet())
}

// paced is how long a partition waits so that what is under way stays within the credit.
func (f *readFn) paced(job *Job, r *reader, ready int, some bool) time.Duration {
	if !some {
		return idlePause(r.quiet())
	}
	records, bytes := job.Unconfirmed(r.partition)
	if records > f.Config.CreditRecords || bytes > f.Config.CreditBytes {
		return whenPaused
	}
	if ready >= f.Config.CalmRecords {
		return 0
	}
	if bytes > 0 { // a gap has no records, but is not stored either
		return untilTick(whenPaused)
	}
	return f.Config.Pace - r.sincePoll()
}
