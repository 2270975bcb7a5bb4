package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"sort"

	"argos"
	"argos/ledger"
)

// key is the fingerprint of a fix as its sender knows it: truck, number, time and place. Nobody finds two of one key.
type key [16]byte

func keyOf(truck string, seq, ts int64, lat, lon float64) key {
	b := make([]byte, 0, argos.MaxTruckID+33)
	b = append(append(b, truck...), 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(seq))
	b = binary.LittleEndian.AppendUint64(b, uint64(ts))
	b = appendDegrees(appendDegrees(b, lat), lon)
	sum := sha256.Sum256(b)
	return key(sum[:16])
}

func appendDegrees(b []byte, x float64) []byte {
	if x == 0 {
		x = 0 // -0 is the same place
	}
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
}

// claim is what a sender's run says of one fix.
type claim struct {
	key     key
	run     uint32
	truck   uint32 // its hash
	outcome byte
	line    int64 // where the ledger says so
}

const (
	isAcked = iota // in this order what a run says of a fix is believed
	isUnknown
	isRefused
)

const claimSize = 16 + 4 + 4 + 1 + 8

func (c *claim) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(append(b, c.key[:]...), c.run)
	b = append(binary.LittleEndian.AppendUint32(b, c.truck), c.outcome)
	return binary.LittleEndian.AppendUint64(b, uint64(c.line))
}

func claimOf(b []byte) (c claim) {
	copy(c.key[:], b)
	c.run, c.truck = binary.LittleEndian.Uint32(b[16:]), binary.LittleEndian.Uint32(b[20:])
	c.outcome, c.line = b[24], int64(binary.LittleEndian.Uint64(b[25:]))
	return c
}

// A bucket's claims fit into memory; those of a larger ledger are divided among several by their keys, and so are the
// keys of the log's records. A ledger's line has at least 100 bytes.
const (
	bucketClaims = 1 << 20
	lineBytes    = 100
	maxBuckets   = 512
)

// claims are a ledger's, matched with the records of the log.
type claims struct {
	runs    map[string]uint32
	buckets int
	dir     string
	ledger  *spill
	log     *spill // nil when one bucket is all

	now   []claim // the bucket in memory, by key and run
	count []int   // the records of the fix of now[i], where its key begins
	of    []claim // of one fix
}

func newClaims(bytes int64) (c *claims, err error) {
	c = &claims{runs: map[string]uint32{}, buckets: int(min(maxBuckets, 1+bytes/lineBytes/bucketClaims))}
	if c.dir, err = os.MkdirTemp("", "argos-audit-"); err != nil {
		return nil, fmt.Errorf("make a folder for the ledger's claims: %w", err)
	}
	if c.ledger, err = newSpill(c.dir, "ledger", c.buckets, claimSize); err == nil && c.buckets > 1 {
		c.log, err = newSpill(c.dir, "log", c.buckets, len(key{}))
	}
	return c, err
}

func (c *claims) close() error {
	err := c.ledger.close()
	if c.log != nil {
		err = errors.Join(err, c.log.close())
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}

// run numbers a sender's run.
func (c *claims) run(name string) uint32 {
	n, ok := c.runs[name]
	if !ok {
		n = uint32(len(c.runs))
		c.runs[name] = n
	}
	return n
}

// readLedger takes in what the ledger has beyond the last audit.
func (a *auditor) readLedger() (err error) {
	info, err := os.Stat(a.cfg.Ledger)
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	at := a.state.Ledger
	if a.cfg.NewLedger {
		at = ledger.Position{}
	}
	a.state.earlier = at.Offset
	if a.claims, err = newClaims(info.Size() - at.Offset); err != nil {
		return err
	}
	var acked int64
	var b []byte
	err = ledger.ReadOn(a.cfg.Ledger, &at, func(e ledger.Entry, line int64) error {
		a.cfg.Progress.Ledger.Add(1)
		c := claim{run: a.claims.run(e.Run), truck: hashOf(e.TruckID), line: line}
		switch e.Outcome {
		case ledger.Acked:
			acked++
			if e.Seq < 0 || math.IsNaN(e.Lat) || math.IsNaN(e.Lon) {
				a.vague(e)
				return nil
			}
		case ledger.Refused:
			c.outcome = isRefused
		default:
			c.outcome = isUnknown
		}
		c.key = keyOf(e.TruckID, e.Seq, e.TS, e.Lat, e.Lon)
		b = c.append(b[:0])
		return a.claims.ledger.add(c.key, b)
	})
	switch {
	case errors.Is(err, ledger.ErrOther):
		return fmt.Errorf("%w; if the senders began another one, say so once by --new-ledger", err)
	case err != nil:
		return err
	case acked == 0 && (a.state.Acked == 0 || a.cfg.NewLedger):
		return ErrEmptyLedger
	}
	a.state.Ledger, a.state.Acked = at, a.state.Acked+acked
	if a.claims.log == nil {
		return a.claims.load(0)
	}
	return nil
}

// vague notes an acknowledged entry of which no record can be told to be its own.
func (a *auditor) vague(e ledger.Entry) {
	a.Sent++
	a.Acked++
	a.Vague++
	what := "number"
	if e.Seq >= 0 {
		what = "place"
	}
	a.problem(
		"truck %s, ts %d: acknowledged, but its entry has no %s, so nothing shows which record of the log is its own",
		e.TruckID,
		e.TS,
		what,
	)
}

// found notes that a fix is in the log.
func (c *claims) found(k key) error {
	if c.log != nil {
		return c.log.add(k, k[:])
	}
	c.match(k)
	return nil
}

func (c *claims) match(k key) {
	i := sort.Search(len(c.now), func(i int) bool { return bytes.Compare(c.now[i].key[:], k[:]) >= 0 })
	if i < len(c.now) && c.now[i].key == k {
		c.count[i]++
	}
}

// load brings a bucket's claims into memory.
func (c *claims) load(bucket int) error {
	c.now = c.now[:0]
	err := c.ledger.each(bucket, func(b []byte) { c.now = append(c.now, claimOf(b)) })
	if err != nil {
		return err
	}
	slices.SortFunc(c.now, func(x, y claim) int {
		if by := bytes.Compare(x.key[:], y.key[:]); by != 0 {
			return by
		}
		if x.run != y.run {
			return int(int64(x.run) - int64(y.run))
		}
		return int(x.outcome) - int(y.outcome)
	})
	c.count = append(c.count[:0], make([]int, len(c.now))...)
	return nil
}

// judge calls each with the claims of one fix, a claim a run, and the number of records that the log has of it.
func (c *claims) judge(each func(of []claim, records int)) error {
	for b := range c.buckets {
		if c.log != nil {
			if err := c.load(b); err != nil {
				return err
			}
			if err := c.log.each(b, func(k []byte) { c.match(key(k)) }); err != nil {
				return err
			}
		}
		for i := 0; i < len(c.now); {
			j := i
			c.of = c.of[:0]
			for ; j < len(c.now) && c.now[j].key == c.now[i].key; j++ {
				if n := len(c.of); n == 0 || c.of[n-1].run != c.now[j].run {
					c.of = append(c.of, c.now[j])
				}
			}
			each(c.of, c.count[i])
			i = j
		}
	}
	return nil
}
