package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"argos"
)

// bodyTimeout is how long a body may take to arrive.
const bodyTimeout = time.Minute

// answerTimeout is how long a sender may take to take its answer when the gateway ends.
const answerTimeout = time.Second

// maxErrors bounds those that the answer to a POST lists.
const maxErrors = 100

// post is a stream that comes as the body of one request: one fix a line.
type post struct {
	*stream
	waited time.Duration // for memory: the less it waits for Kafka

	// Guarded by the stream's lock.
	control *http.ResponseController // nil when the handler has returned
	lines   []int32                  // of each fix, from 1
	reading bool
	closing error // why the body is not waited for
	refused int
	errors  []lineError
}

type lineError struct {
	Line  int    `json:"line"`
	Error string `json:"error"`
}

// answer is the body of the reply: how many fixes Kafka has, and which it won't get.
type answer struct {
	Accepted int         `json:"accepted"`
	Refused  int         `json:"refused"`
	Errors   []lineError `json:"errors,omitempty"` // at most maxErrors
	Error    string      `json:"error,omitempty"`  // why nothing was accepted
}

// ready and moved implement replies.
func (p *post) ready() {}
func (p *post) moved() {}

func (p *post) nacked(n uint64, why string) {
	p.refused++
	if len(p.errors) < maxErrors {
		p.errors = append(p.errors, lineError{int(p.lines[n]), why})
	}
}

func (g *Gateway) servePost(w http.ResponseWriter, r *http.Request) {
	recorded, err := isRecorded(r)
	if err != nil {
		reply(w, http.StatusBadRequest, answer{Error: err.Error()})
		return
	}
	p := &post{stream: newStream(g, r.RemoteAddr, recorded), control: http.NewResponseController(w)}
	p.replies = p
	if err := g.doors.enter(p.stream, p); err != nil {
		w.Header().Set("Retry-After", "1")
		reply(w, http.StatusServiceUnavailable, answer{Error: err.Error()})
		return
	}
	defer g.doors.leave(p.stream)
	defer p.end()
	body, held, status, err := p.body(r.Context(), http.MaxBytesReader(w, r.Body, maxFrame), r.ContentLength)
	defer func() { held.shrink(0) }()
	if err != nil {
		reply(w, status, answer{Error: err.Error()})
		return
	}
	p.answer(w, p.deliver(r.Context(), body))
}

// deliver brings the fixes to the log; false when it cannot before the peer has gone or the answer is due. So a POST holds its
// place for a bounded time, however long Kafka is away: its sender knows of no answer, and sends again.
func (p *post) deliver(ctx context.Context, body []byte) bool {
	f := newFrame()
	defer f.free()
	ctx, cancel := context.WithTimeout(ctx, p.g.pace.answer-p.waited)
	defer cancel()
	defer context.AfterFunc(ctx, p.kill)()
	p.gone = ctx.Done()
	for line := 1; len(body) > 0; {
		line, body = p.judgeLines(f, line, body)
		if !p.commit(f) {
			return false
		}
		f.reset()
	}
	return p.settle()
}

// body reads all of the request before any of it is taken in, so that a body too large changes nothing.
func (p *post) body(ctx context.Context, r io.Reader, size int64) (body []byte, held share, status int, err error) {
	reading := p.begin()
	if reading {
		if body, err = io.ReadAll(io.LimitReader(r, firstPiece)); err == nil && len(body) == firstPiece {
			body, held, err = p.rest(ctx, body, r, size)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reading = false
	if reading && err == nil {
		_ = p.control.SetReadDeadline(time.Time{})
	} else {
		_ = p.control.SetReadDeadline(past) // or the server waits for the rest of the body before it sends the answer
	}
	switch {
	case !reading, err != nil && p.closing != nil:
		return nil, held, http.StatusServiceUnavailable, p.closing
	case errors.Is(err, errNoMemory):
		return nil, held, http.StatusServiceUnavailable, err
	case errors.As(err, new(*http.MaxBytesError)):
		return nil, held, http.StatusRequestEntityTooLarge, errors.New("a body of more than 1 MiB: send fewer fixes in a request")
	case err != nil:
		return nil, held, http.StatusBadRequest, fmt.Errorf("the body could not be read: %w", err)
	}
	p.lines = make([]int32, 0, min(bytes.Count(body, newline), len(body)/2)+1) // a line that is not blank takes two bytes
	held.shrink(int64(cap(body) + 4*cap(p.lines)))
	return body, held, 0, nil
}

var newline = []byte("\n")

// begin lets the body be read for bodyTimeout; false when the gateway closes.
func (p *post) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reading = p.closing == nil
	if p.reading {
		_ = p.control.SetReadDeadline(time.Now().Add(bodyTimeout)) // a recorder in a test has none
	}
	return p.reading
}

var errNoMemory = errors.New("too much waits for Kafka; send the fixes again later")

// rest reads on after the first piece when there is memory for all. Unlike the wait for Kafka, this one does not see that the
// client leaves before its time is up: the server looks for that when it has read the body.
func (p *post) rest(ctx context.Context, first []byte, r io.Reader, size int64) ([]byte, share, error) {
	if size < 0 || size > maxFrame {
		size = maxFrame
	}
	ctx, cancel := context.WithTimeout(ctx, p.g.pace.answer)
	defer cancel()
	since := time.Now()
	held, err := p.grasp(ctx, size)
	p.waited = time.Since(since)
	if err != nil || !p.begin() {
		return nil, held, errNoMemory
	}
	var all bytes.Buffer
	all.Grow(int(size) + bytes.MinRead)
	all.Write(first)
	_, err = all.ReadFrom(r)
	return all.Bytes(), held, err
}

// dismiss implements guest: a body that is still on its way is not waited for.
func (p *post) dismiss(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closing = why
	p.hurry()
	if p.reading {
		_ = p.control.SetReadDeadline(past)
	}
}

// cut implements guest: the sender is still told that it has to send again.
func (p *post) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hurry()
	if p.control != nil {
		_ = p.control.SetReadDeadline(past)
		_ = p.control.SetWriteDeadline(time.Now().Add(answerTimeout))
	}
}

// probe implements guest: the body's deadline sees to that.
func (p *post) probe() {}

// end: a response must not be touched when its handler has returned.
func (p *post) end() {
	p.mu.Lock()
	p.control, p.reading = nil, false
	p.mu.Unlock()
}

var past = time.Unix(1, 0)

// judgeLines takes each line that is not blank as one fix, up to a line with which the lines are a piece; it returns the number
// of the next line and what is left. So all that a body costs while it waits is its text.
func (p *post) judgeLines(f *frame, line int, body []byte) (next int, rest []byte) {
	rest = body
	for raw := range bytes.Lines(body) {
		if len(body)-len(rest) >= firstPiece {
			break
		}
		rest = rest[len(raw):]
		text, at := bytes.TrimSpace(raw), line
		line++
		if len(text) == 0 {
			continue
		}
		if text[0] == '[' {
			p.reject(f, notOneFix, errArray, text)
		} else {
			p.judge(f, text)
		}
		p.mu.Lock()
		p.lines = append(p.lines, int32(at)) //nolint:gosec // a body has at most maxFrame lines
		p.mu.Unlock()
	}
	return line, rest
}

var errArray = fmt.Errorf("%w: the line is an array; send one fix a line", argos.ErrBadFix)

// settle waits until every fix is done; false when the stream was killed first.
func (s *stream) settle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.win.empty() && !s.killed {
		s.changed.Wait()
	}
	return s.win.empty()
}

func (p *post) answer(w http.ResponseWriter, done bool) {
	p.mu.Lock()
	a := answer{Accepted: len(p.lines) - p.refused, Refused: p.refused, Errors: p.errors}
	p.mu.Unlock()
	switch {
	case !done:
		w.Header().Set("Retry-After", "1")
		reply(w, http.StatusServiceUnavailable, answer{Error: "Kafka did not confirm all fixes in time; send them again"})
	case len(p.lines) == 0:
		a.Error = "the body holds no fix; send one JSON object a line"
		reply(w, http.StatusBadRequest, a)
	case a.Accepted == 0:
		a.Error = "no line of the body is a fix that can be accepted"
		reply(w, http.StatusBadRequest, a)
	default:
		reply(w, http.StatusOK, a)
	}
}

// notPosted answers every other method.
func notPosted(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", http.MethodPost)
	reply(w, http.StatusMethodNotAllowed, answer{Error: "send fixes by POST, one JSON object a line, or over a WebSocket at /v1/stream"})
}

func reply(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a) // the peer may be gone
}
