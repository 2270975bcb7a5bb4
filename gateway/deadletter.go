package gateway

import (
	"encoding/json"
	"net"
	"sync"

	"golang.org/x/time/rate"

	"argos"
)

// A peer's refused fixes are kept at this rate; the rest are counted.
const (
	lettersPerSecond = 10
	letterBurst      = 100
	maxPeers         = 100_000 // whose rate is known
	maxRaw           = 4096    // bytes of what was refused that a letter holds
	lettersMemory    = 4 << 20
	minLettersShare  = 64 << 10
)

// deadLetters writes what was refused, and why, to a topic of its own: the record for those who look after the senders.
// It never holds a sender up.
type deadLetters struct {
	log *producer
	m   *metrics

	mu    sync.Mutex
	peers map[string]*rate.Limiter // by host
}

func newDeadLetters(log *producer, m *metrics) *deadLetters {
	d := &deadLetters{log: log, m: m, peers: map[string]*rate.Limiter{}}
	log.stored = func(b *batch) { m.deadLetters.Add(float64(b.n)) }
	log.refused = func(*stream, int64, []byte, []byte, error) { m.deadLettersDropped.Inc() }
	return d
}

// letter is the value of a dead letter.
type letter struct {
	Error string `json:"error"`
	From  string `json:"from"` // the peer's address
	Recv  int64  `json:"recv"` // ms
	Raw   string `json:"raw"`  // what it sent, cut to maxRaw
}

// write sends a letter if the peer's rate allows and there is room. The text is asked for only then.
func (d *deadLetters) write(from, truckID string, recv int64, why error, text func(dst []byte) []byte) {
	host, _, err := net.SplitHostPort(from)
	if err != nil {
		host = from
	}
	if !d.allow(host) {
		d.m.deadLettersDropped.Inc()
		return
	}
	raw := text(nil)
	if len(raw) > maxRaw {
		raw = raw[:maxRaw]
	}
	value, err := json.Marshal(letter{why.Error(), from, recv, string(raw)})
	if err != nil {
		value = []byte(`{}`) // strings and a number always encode
	}
	d.offer(truckID, host, recv, value)
}

func (d *deadLetters) offer(truckID, host string, recv int64, value []byte) {
	key := []byte(truckID)
	if truckID == "" {
		truckID = host // spreads what has no truck over the partitions, a host's in order
	}
	if !d.log.parts[argos.PartitionOf(truckID, len(d.log.parts))].offer(recv, key, value) {
		d.m.deadLettersDropped.Inc()
	}
}

func (d *deadLetters) allow(host string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.peers[host]
	if l == nil {
		if len(d.peers) >= maxPeers {
			return false
		}
		l = rate.NewLimiter(lettersPerSecond, letterBurst)
		d.peers[host] = l
	}
	return l.Allow()
}

// forget drops the peers whose allowance is whole again: that is the same as not knowing them.
func (d *deadLetters) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for host, l := range d.peers {
		if l.Tokens() >= letterBurst {
			delete(d.peers, host)
		}
	}
}
