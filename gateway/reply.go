package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/coder/websocket"
)

// ready implements replies: it gives a peer that reads the time to hear of its refusals, so that none is dropped.
func (s *session) ready() {
	for len(s.nacks) >= maxNacks && !s.deaf() && !s.ended && !s.killed {
		look := time.AfterFunc(deafAfter-time.Since(s.wrote), s.changed.Broadcast)
		s.changed.Wait()
		look.Stop()
	}
}

// deaf says that the peer has not read for a while.
func (s *session) deaf() bool { return s.writing && time.Since(s.wrote) >= deafAfter }

// nacked implements replies. The queue is bounded. A refusal that it has no place for is not told, and no ack of this session
// ever counts it: the fix stays open for the peer, which hears of it when it sends it again.
func (s *session) nacked(n uint64, why string) {
	if len(s.nacks) >= maxNacks || n > s.untold {
		s.untold = min(s.untold, n)
		s.g.m.nacksDropped.Inc()
		return
	}
	s.nacks = append(s.nacks, nack{n, why})
}

// tellable is how many fixes an ack may count.
func (s *session) tellable() uint64 { return min(s.win.base, s.untold) }

// moved implements replies.
func (s *session) moved() {
	if s.writing || s.ended || len(s.nacks) == 0 && s.acked == s.tellable() {
		return
	}
	s.writing = true
	s.wrote = time.Now()
	s.helper(s.write)
}

// write tells the peer how far its fixes are until there is no more to tell. A fix's nack goes before the ack that
// counts it, and a peer that reads slowly gets fewer, larger acks. One that can be told no more is sent away.
func (s *session) write() {
	var nacks []nack
	var text []byte
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.nacks) > 0 || s.acked != s.tellable() {
		nacks, s.nacks = s.nacks, nacks[:0]
		ack := s.tellable()
		tell := ack != s.acked
		s.acked = ack
		s.mu.Unlock()
		s.changed.Broadcast()

		var err error
		for i := 0; i < len(nacks) && err == nil; i++ {
			text = appendNack(text[:0], nacks[i])
			err = s.send(text)
		}
		if tell && err == nil {
			text = append(strconv.AppendUint(append(text[:0], `{"ack":`...), ack, 10), '}')
			err = s.send(text)
		}
		clear(nacks)
		s.mu.Lock()
		if err != nil {
			s.hangUp() // the reader ends the session
			s.nacks = nil
			s.ended = true
			break
		}
	}
	s.writing = false
	if s.acked == s.untold {
		s.leave(websocket.StatusTryAgainLater, unheard)
	}
}

// unheard is what a peer is told that comes to read after refusals were dropped.
const unheard = "not all refusals could be told, for nobody read them: connect again and send what is not acked"

func (s *session) send(text []byte) error {
	s.mu.Lock()
	s.wrote = time.Now()
	s.mu.Unlock()
	return s.conn.Write(context.Background(), websocket.MessageText, text)
}

func appendNack(dst []byte, k nack) []byte {
	why, err := json.Marshal(k.why)
	if err != nil {
		why = []byte(`""`) // a string always encodes
	}
	dst = append(strconv.AppendUint(append(dst, `{"nack":`...), k.n+1, 10), `,"error":`...)
	return append(append(dst, why...), '}')
}

// hear notes a sign of life.
func (s *session) hear() { s.heard.Store(time.Now().UnixMilli()) }

func (s *session) ponged(context.Context, []byte) { s.hear() }

// pinged answers a ping, unless that would wait behind a write to a peer that does not read.
func (s *session) pinged(context.Context, []byte) bool {
	s.hear()
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.deaf()
}

// probe implements guest: it pings a peer that has long been quiet, and cuts it off when it stays so: a peer that went without a word. While a
// frame is in hand nothing is read, so silence means nothing then; nor does it while one waits for memory.
func (s *session) probe() {
	quiet := time.Since(time.UnixMilli(s.heard.Load()))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil || s.inHand || s.closing {
		return
	}
	switch {
	case quiet > s.g.pace.idle && s.giveUp == nil:
		s.hangUp()
	case quiet > s.g.pace.ping && !s.pinging && !s.deaf():
		s.pinging = true
		s.helper(s.ping)
	}
}

func (s *session) ping() {
	ctx, cancel := context.WithTimeout(context.Background(), s.g.pace.idle)
	defer cancel()
	err := s.conn.Ping(ctx) // its pong is a sign of life, its lack is seen by probe
	s.mu.Lock()
	if s.giveUp != nil && !errors.Is(err, context.DeadlineExceeded) {
		s.hangUp() // nobody reads while there is no memory, but a ping that can't be sent tells of a peer that has left
	}
	s.pinging = false
	s.mu.Unlock()
}
