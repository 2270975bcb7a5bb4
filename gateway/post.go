package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"argos"
)

// maxErrors bounds those that the answer to a POST lists.
const maxErrors = 100

// post is a stream that comes as the body of one request: one fix a line.
type post struct {
	*stream
	lines []int // of each fix, from 1

	// Guarded by the stream's lock.
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

func (p *post) ready() {}
func (p *post) moved() {}

func (p *post) nacked(n uint64, why string) {
	p.refused++
	if len(p.errors) < maxErrors {
		p.errors = append(p.errors, lineError{p.lines[n], why})
	}
}

func (g *Gateway) servePost(w http.ResponseWriter, r *http.Request) {
	recorded, err := isRecorded(r)
	if err != nil {
		reply(w, http.StatusBadRequest, answer{Error: err.Error()})
		return
	}
	p := &post{stream: newStream(g, r.RemoteAddr, recorded)}
	p.replies = p
	if err := g.doors.enter(p.stream, nil); err != nil {
		w.Header().Set("Retry-After", "1")
		reply(w, http.StatusServiceUnavailable, answer{Error: err.Error()})
		return
	}
	defer g.doors.leave(p.stream)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFrame))
	if err != nil {
		status, why := http.StatusBadRequest, fmt.Sprintf("the body could not be read: %v", err)
		if errors.As(err, new(*http.MaxBytesError)) {
			status, why = http.StatusRequestEntityTooLarge, "a body of more than 1 MiB: send fewer fixes in a request"
		}
		reply(w, status, answer{Error: why})
		return
	}
	f := newFrame()
	p.judgeLines(f, body)
	done := p.commit(f)
	f.free()
	p.answer(w, done && p.settle(r.Context()))
}

// judgeLines takes each line that is not blank as one fix.
func (p *post) judgeLines(f *frame, body []byte) {
	line := 0
	for text := range bytes.Lines(body) {
		line++
		text = bytes.TrimSpace(text)
		if len(text) == 0 {
			continue
		}
		if text[0] == '[' {
			p.reject(f, notOneFix, errArray, text)
		} else {
			p.judge(f, text)
		}
		p.lines = append(p.lines, line)
	}
}

var errArray = fmt.Errorf("%w: the line is an array; send one fix a line", argos.ErrBadFix)

// settle waits until every fix is done. False: the peer has gone or the gateway was killed first.
func (s *stream) settle(ctx context.Context) bool {
	defer context.AfterFunc(ctx, s.changed.Broadcast)()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.win.empty() && !s.killed && ctx.Err() == nil {
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
		reply(w, http.StatusServiceUnavailable, answer{Error: "the gateway had to end before Kafka confirmed all fixes; send them again"})
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

func reply(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a) // the peer may be gone
}
