package mongoio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// scripted is a server that answers by a script, for what no server does on demand. It speaks as much of the protocol
// as the driver needs: OP_QUERY for the first hello, OP_MSG for the rest.
type scripted struct {
	uri    string
	answer func(command bson.D) bson.D // nil for what a willing server would say
	conns  sync.WaitGroup
	end    func() // from then on its port refuses connections

	mu   sync.Mutex
	seen []bson.D
	open []net.Conn
}

// script starts a server; answer is called on several goroutines.
func script(t *testing.T, answer func(command bson.D) bson.D) *scripted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &scripted{uri: "mongodb://" + l.Addr().String() + "/argos", answer: answer}
	s.conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open = append(s.open, c)
			s.mu.Unlock()
			s.conns.Go(func() { s.serve(t, c) })
		}
	})
	s.end = sync.OnceFunc(func() {
		_ = l.Close()
		s.mu.Lock()
		for _, c := range s.open {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.conns.Wait()
	})
	t.Cleanup(s.end)
	return s
}

// commands are those of a name that have come.
func (s *scripted) commands(name string) (found []bson.D) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.seen {
		if c[0].Key == name {
			found = append(found, c)
		}
	}
	return found
}

const (
	opReply = 1
	opQuery = 2004
	opMsg   = 2013
)

var order = binary.LittleEndian

func (s *scripted) serve(t *testing.T, c net.Conn) {
	defer c.Close()
	for {
		header := make([]byte, 16)
		if _, err := io.ReadFull(c, header); err != nil {
			return
		}
		body := make([]byte, order.Uint32(header)-16)
		if _, err := io.ReadFull(c, body); err != nil {
			return
		}
		op := order.Uint32(header[12:])
		command, err := parse(op, body)
		if err != nil {
			t.Error(err)
			return
		}
		s.mu.Lock()
		s.seen = append(s.seen, command)
		s.mu.Unlock()
		reply := s.reply(command)
		if reply == nil {
			continue // it hangs
		}
		if _, err := c.Write(message(op, order.Uint32(header[4:]), reply)); err != nil {
			return
		}
	}
}

// hang is the answer of a server that never gives one.
var hang = bson.D{{Key: "hang", Value: true}}

func (s *scripted) reply(command bson.D) bson.D {
	if s.answer != nil {
		if a := s.answer(command); len(a) > 0 && a[0].Key == "hang" {
			return nil
		} else if a != nil {
			return a
		}
	}
	switch command[0].Key {
	case "hello", "isMaster", "ismaster":
		return bson.D{
			{Key: "ismaster", Value: true},
			{Key: "maxBsonObjectSize", Value: 16 << 20},
			{Key: "maxMessageSizeBytes", Value: 48_000_000},
			{Key: "maxWriteBatchSize", Value: 100_000},
			{Key: "minWireVersion", Value: 0},
			{Key: "maxWireVersion", Value: 21},
			{Key: "saslSupportedMechs", Value: bson.A{"SCRAM-SHA-256"}},
			{Key: "ok", Value: 1},
		}
	case "listIndexes":
		return cursor(indexOn("trucks_location", bson.D{{Key: "location", Value: "2dsphere"}}))
	case "find":
		return cursor()
	case "update":
		n := len(field(command, "updates").(bson.A))
		return bson.D{{Key: "n", Value: n}, {Key: "nModified", Value: n}, {Key: "ok", Value: 1}}
	}
	return bson.D{{Key: "ok", Value: 1}}
}

// indexOn is an index as a server lists it.
func indexOn(name string, keys bson.D) bson.D {
	return bson.D{{Key: "v", Value: 2}, {Key: "key", Value: keys}, {Key: "name", Value: name}}
}

// cursor is the answer to a query.
func cursor(docs ...bson.D) bson.D {
	batch := bson.A{}
	for _, d := range docs {
		batch = append(batch, d)
	}
	return bson.D{{Key: "cursor", Value: bson.D{
		{Key: "id", Value: int64(0)},
		{Key: "ns", Value: "argos.trucks"},
		{Key: "firstBatch", Value: batch},
	}}, {Key: "ok", Value: 1}}
}

// writeErrors is the answer to an update whose operations at these places met these codes.
func writeErrors(command bson.D, codes map[int]int, more ...bson.E) bson.D {
	all := bson.A{}
	for i, code := range codes {
		e := bson.D{{Key: "index", Value: i}, {Key: "code", Value: code}, {Key: "errmsg", Value: "as the script says"}}
		all = append(all, append(e, more...))
	}
	return bson.D{
		{Key: "n", Value: len(field(command, "updates").(bson.A)) - len(codes)},
		{Key: "writeErrors", Value: all},
		{Key: "ok", Value: 1},
	}
}

func failed(code int, name string) bson.D {
	return bson.D{
		{Key: "ok", Value: 0},
		{Key: "code", Value: code},
		{Key: "codeName", Value: name},
		{Key: "errmsg", Value: "as the script says"},
	}
}

func field(d bson.D, key string) any {
	i := slices.IndexFunc(d, func(e bson.E) bool { return e.Key == key })
	if i < 0 {
		return nil
	}
	return d[i].Value
}

func parse(op uint32, body []byte) (command bson.D, err error) {
	switch op {
	case opQuery:
		end := bytes.IndexByte(body[4:], 0)
		return command, bson.Unmarshal(body[4+end+1+8:], &command)
	case opMsg:
		for rest := body[4:]; len(rest) > 0; {
			kind, section := rest[0], rest[1:]
			size := order.Uint32(section)
			rest = section[size:]
			if section = section[:size]; kind == 0 {
				var d bson.D
				if err := bson.Unmarshal(section, &d); err != nil {
					return nil, err
				}
				command = append(d, command...)
				continue
			}
			end := 4 + bytes.IndexByte(section[4:], 0)
			all := bson.A{}
			for docs := section[end+1:]; len(docs) > 0; docs = docs[order.Uint32(docs):] {
				var d bson.D
				if err := bson.Unmarshal(docs[:order.Uint32(docs)], &d); err != nil {
					return nil, err
				}
				all = append(all, d)
			}
			command = append(command, bson.E{Key: string(section[4:end]), Value: all})
		}
		return command, nil
	}
	return nil, errors.New("an operation that is not known")
}

func message(op, to uint32, reply bson.D) []byte {
	doc, err := bson.Marshal(reply)
	if err != nil {
		panic(err)
	}
	answer, head := uint32(opMsg), make([]byte, 5)
	if op == opQuery {
		answer, head = opReply, make([]byte, 20)
		order.PutUint32(head[16:], 1) // one document
	}
	m := order.AppendUint32(nil, uint32(16+len(head)+len(doc)))
	m = order.AppendUint32(m, 0)
	m = order.AppendUint32(m, to)
	m = order.AppendUint32(m, answer)
	return append(append(m, head...), doc...)
}
