package kafkaio

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"argos"
	"argos/retry"
)

// reader fetches one partition ahead of the source, which must never block: Prism puts all partitions into one bundle.
// A Job owns it and waits for its goroutine.
type reader struct {
	fetcher
	partitions           int   // of the topic, as the job knows it
	end                  int64 // the offset from which on nothing is read
	maxRecords, maxBytes int   // queued above which no more is fetched
	stop                 context.CancelFunc

	mu       sync.Mutex
	queue    []*chunk
	spare    []*chunk // for their memory
	records  int      // queued
	bytes    int
	next     int64 // where take goes on
	err      error // why the reader gave up
	lastPoll time.Time
	gap      time.Duration // between the last two polls
	room     chan struct{} // has a token when something was taken
}

// chunk is what one fetch brought, in the encoding of polls. One without records stands for a gap in the log.
type chunk struct {
	buf  []byte
	ends []recordEnd
	from int   // bytes of buf and
	done int   // records that were taken already
	next int64 // the offset after the chunk
}

type recordEnd struct {
	byte int   // in buf
	next int64 // the offset after the record
	time int64 // ms, Kafka's of the record
}

func (c *chunk) add(r argos.LogRecord) error {
	c.buf = argos.AppendLogRecord(c.buf, r)
	c.ends = append(c.ends, recordEnd{len(c.buf), r.Offset + 1, r.Time})
	return nil
}

// ready is the number of records in the queue, and whether there is anything to take: a gap has no records.
func (r *reader) ready() (records int, some bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.records, len(r.queue) > 0, r.err
}

// take appends the next records to b: at most maxRecords, and no further record once maxBytes are reached. It returns
// their number, the offset after them, and the time of the record just below that; 0: there is none.
func (r *reader) take(b []byte, maxRecords, maxBytes int) (_ []byte, n int, to, last int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	start := len(b)
	for len(r.queue) > 0 && n < maxRecords && len(b)-start < maxBytes {
		c := r.queue[0]
		from := c.from
		for c.done < len(c.ends) && n < maxRecords && len(b)-start+c.from-from < maxBytes {
			c.from, r.next, last = c.ends[c.done].byte, c.ends[c.done].next, c.ends[c.done].time
			c.done++
			n++
		}
		b = append(b, c.buf[from:c.from]...)
		if c.done == len(c.ends) {
			if r.next != c.next {
				r.next, last = c.next, 0
			}
			r.queue = r.queue[1:]
			r.spare = append(r.spare, c)
		}
	}
	r.records -= n
	r.bytes -= len(b) - start
	now := time.Now()
	r.gap, r.lastPoll = now.Sub(r.lastPoll), now
	select {
	case r.room <- struct{}{}:
	default:
	}
	return b, n, r.next, last
}

// run fetches from an offset on until the reader's end, or the context's, or the log turns out to end below it.
func (r *reader) run(ctx context.Context, from int64) {
	of := label(r.partition)
	errs, end := fetchErrors.WithLabelValues(of), logEnd.WithLabelValues(of)
	trouble, pause := retry.Incident{What: "reading the log"}, retry.Backoff(0)
	for from < r.end && r.hasRoom(ctx) {
		c := r.blank()
		next, last, err := r.page(ctx, from, func(rec argos.LogRecord) error {
			if rec.Offset >= r.end {
				return nil
			}
			return c.add(rec)
		})
		if err == nil {
			err = r.whole(ctx, r.partitions)
		}
		if errors.Is(err, kafka.OffsetOutOfRange) {
			next, err = r.overGap(ctx, from)
		}
		switch {
		case ctx.Err() != nil:
			return
		case final(err):
			r.fail(err)
			return
		case err != nil:
			errs.Inc()
			trouble.Failed(err, "partition", r.partition)
			pause.Wait(ctx)
			continue
		}
		trouble.Over("partition", r.partition)
		pause = 0
		if last >= 0 {
			end.Set(float64(last))
		}
		if next = min(next, r.end); next > from {
			c.next, from = next, next
			r.put(c)
		}
	}
}

// overGap goes on where the log begins when retention has taken what comes next. Any other reason is an error.
func (r *reader) overGap(ctx context.Context, from int64) (int64, error) {
	err := r.outOfRange(ctx, from)
	var taken *TakenError
	if !errors.As(err, &taken) {
		return from, err
	}
	first := min(taken.First, r.end)
	gapRecords.WithLabelValues(label(r.partition)).Add(float64(first - from))
	slog.Error("retention has taken records that the pipeline had not read; it goes on after them",
		"topic", r.topic, "partition", r.partition, "from", from, "first", first, "records", first-from)
	return first, nil
}

func (r *reader) hasRoom(ctx context.Context) bool {
	for ctx.Err() == nil {
		r.mu.Lock()
		room := r.records < r.maxRecords && r.bytes < r.maxBytes
		r.mu.Unlock()
		if room {
			return true
		}
		select {
		case <-r.room:
		case <-ctx.Done():
		}
	}
	return false
}

func (r *reader) blank() *chunk {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.spare); n > 0 {
		c := r.spare[n-1]
		r.spare = r.spare[:n-1]
		*c = chunk{buf: c.buf[:0], ends: c.ends[:0]}
		return c
	}
	return &chunk{}
}

func (r *reader) put(c *chunk) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, c)
	r.records += len(c.ends)
	r.bytes += len(c.buf)
}

func (r *reader) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// at is the offset that take goes on at.
func (r *reader) at() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next
}

func (r *reader) sincePoll() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.lastPoll)
}

// quiet is how long nothing has come, or did not come before the last poll if that was longer.
func (r *reader) quiet() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return max(time.Since(r.lastPoll), r.gap)
}
