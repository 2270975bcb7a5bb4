package decode

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"

	"argos"
	"argos/wire"
)

// maxRaw is how much of a refused value its dead letter keeps, in bytes.
const maxRaw = 4096

// maxKnown bounds the memory of known trucks: one decoder sees the trucks of all partitions.
const maxKnown = 1 << 18

var (
	errNoValue = errors.New("the record has no value")
	errForeign = errors.New("the truck belongs to another partition: its producer does not place trucks by the murmur2 hash of their id")
)

// Router divides polls into parts by shard. It is plain Go; the DoFn around it only hands over.
type Router struct {
	Topic      string
	Partitions int
	Shards     int // 0: each truck is a shard of its own

	parser  wire.Parser
	rec     argos.Record
	known   map[string]*truck
	open    map[int64]*Writer // the shards of this poll
	order   []int64           // ... in the order of their first record
	spare   []*Writer
	polls   uint64
	letters []byte
	buf     []byte
}

// truck is what the router remembers of an id, so that hashing and numbering cost nothing for the next record.
type truck struct {
	id        string
	shard     int64
	partition int
	poll      uint64 // number and w are of this poll
	number    uint32
	w         *Writer
}

// Poll divides one poll of a partition. Each shard's part goes to shard, whose bytes are valid during the call; dead letters
// and the part of a poll that has nothing else go to dead, which may keep them. The only error is a poll that the source
// cannot have written.
func (d *Router) Poll(partition int64, poll []byte, shard, dead func(int64, []byte)) error {
	p, rest, err := argos.DecodePart(poll)
	if err != nil {
		return err
	}
	d.polls++
	d.letters = d.letters[:0]
	for len(rest) > 0 {
		var r argos.LogRecord
		if r, rest, err = argos.DecodeLogRecord(rest); err != nil {
			return err
		}
		if err := d.record(int(partition), r); err != nil {
			refused.Inc()
			d.letters = argos.AppendLogRecord(d.letters, d.letter(partition, r, err))
		}
	}
	p.Index, p.Of = 0, int32(len(d.order))
	hasDead := len(d.letters) > 0 || len(d.order) == 0
	if hasDead {
		p.Of++
	}
	for _, s := range d.order {
		w := d.open[s]
		d.buf = w.Append(d.buf[:0], p)
		shard(s, d.buf)
		d.spare = append(d.spare, w)
		p.Index++
	}
	clear(d.open)
	d.order = d.order[:0]
	if hasDead {
		dead(partition, append(p.Append(make([]byte, 0, argos.PartSize+len(d.letters))), d.letters...))
	}
	return nil
}

func (d *Router) record(partition int, r argos.LogRecord) error {
	if r.Value == nil {
		return errNoValue
	}
	if err := d.parser.Record(r.Value, &d.rec); err != nil {
		return err
	}
	t := d.truck(d.rec.TruckID)
	if t.partition != partition {
		return errForeign
	}
	if t.poll != d.polls {
		t.poll, t.w = d.polls, d.writer(t.shard)
		t.number = t.w.Truck(t.id)
	}
	t.w.Add(t.number, r.Offset, &d.rec)
	return nil
}

func (d *Router) truck(id string) *truck {
	if t := d.known[id]; t != nil {
		return t
	}
	if d.known == nil || len(d.known) >= maxKnown {
		d.known = map[string]*truck{}
	}
	t := &truck{id: id, partition: argos.PartitionOf(id, d.Partitions), shard: Key(id, d.Shards)}
	d.known[id] = t
	return t
}

// Key is the Beam key of a truck: its shard, or with 0 shards a hash of its id. Two trucks of one hash share a key, which
// is as harmless as two trucks in a shard.
func Key(id string, shards int) int64 {
	if shards > 0 {
		return int64(argos.ShardOf(id, shards))
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	return int64(h.Sum64())
}

func (d *Router) writer(shard int64) *Writer {
	if w := d.open[shard]; w != nil {
		return w
	}
	if d.open == nil {
		d.open = map[int64]*Writer{}
	}
	var w *Writer
	if n := len(d.spare); n > 0 {
		w, d.spare = d.spare[n-1], d.spare[:n-1]
	} else {
		w = &Writer{}
	}
	d.open[shard] = w
	d.order = append(d.order, shard)
	return w
}

// letter is the dead letter of a record: what is wrong with it, where it lies, and as much of it as is sensible to keep. Its time
// is for the writer to give: the record's own is a stranger's, perhaps one that Kafka refuses.
func (d *Router) letter(partition int64, r argos.LogRecord, err error) argos.LogRecord {
	raw := r.Value[:min(len(r.Value), maxRaw)]
	v, jsonErr := json.Marshal(struct {
		Error     string `json:"error"`
		Topic     string `json:"topic"`
		Partition int64  `json:"partition"`
		Offset    int64  `json:"offset"`
		Size      int    `json:"size"`
		Raw       string `json:"raw"` // bytes that are not UTF-8 become U+FFFD
	}{err.Error(), d.Topic, partition, r.Offset, len(r.Value), string(raw)})
	if jsonErr != nil {
		panic(fmt.Sprintf("decode: strings and numbers have a JSON form: %v", jsonErr))
	}
	return argos.LogRecord{Offset: r.Offset, Value: v}
}
