package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"argos"
	"argos/ledger"
)

// state is what an audit has proven, for the next one to go on from: each truck's track as it was at the marks, and
// how far log and ledger were read. Its file is
//
//	"argos audit 1\n" | u32 length, head as JSON | trucks, each: u8 length, id; i64 records; u8 trusted;
//	u16 length, attrs (0xffff: none); u16 length, track | SHA-256 of all before
type state struct {
	Topic      string          `json:"topic"`
	Ledger     ledger.Position `json:"ledger"`
	Acked      int64           `json:"acked"` // entries, in all audits
	Partitions []reached       `json:"partitions"`
	Trucks     int             `json:"trucks"`

	tracks  map[string]*proven
	earlier int64 // bytes of the ledger that earlier audits have read
}

// reached is how far an audit has come in a partition: all below Offset, which was its mark.
type reached struct {
	Epoch  int32             `json:"epoch"`
	Offset int64             `json:"offset"`
	Last   int64             `json:"last"` // of the last record below, by which the log is known again; -1: none
	Sum    [sha256.Size]byte `json:"sum"`  // its fingerprint
}

// proven is a truck at the mark.
type proven struct {
	track   []byte // packed
	attrs   []byte
	records int64 // that it is the fold of
	trusted bool  // it goes back to a document that no audit could judge
}

const (
	stateMagic = "argos audit 1\n"
	noAttrs    = 0xffff
)

var errState = errors.New("is not a whole state file of an audit: it was cut off or changed, so begin another")

// readState reads a state file; there need not be one yet.
func readState(path, topic string) (*state, error) {
	s := &state{Topic: topic, tracks: map[string]*proven{}}
	if path == "" {
		return s, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the state file: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	if err := s.check(f); err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	if _, err := f.Seek(int64(len(stateMagic)), io.SeekStart); err != nil {
		return nil, fmt.Errorf("read the state file: %w", err)
	}
	if err := s.decode(bufio.NewReader(f)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if s.Topic != topic {
		return nil, fmt.Errorf("the state file %s is of topic %s, and this is %s", path, s.Topic, topic)
	}
	return s, nil
}

// check compares a state file's seal.
func (s *state) check(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	body := info.Size() - sha256.Size
	if body < int64(len(stateMagic)) {
		return errState
	}
	h, seal, magic := sha256.New(), make([]byte, sha256.Size), make([]byte, len(stateMagic))
	if _, err := f.ReadAt(magic, 0); err != nil || string(magic) != stateMagic {
		return errState
	}
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, body)); err != nil {
		return err
	}
	if _, err := f.ReadAt(seal, body); err != nil {
		return err
	}
	if !bytes.Equal(h.Sum(nil), seal) {
		return errState
	}
	return nil
}

func (s *state) decode(in io.Reader) error {
	r := reader{in: in}
	if err := json.Unmarshal(r.bytes(int(r.u32())), s); err != nil && r.err == nil {
		return fmt.Errorf("the state file's head: %w", err)
	}
	for i := 0; i < s.Trucks && r.err == nil; i++ {
		id := string(r.bytes(int(r.take(1)[0])))
		p := &proven{records: int64(binary.LittleEndian.Uint64(r.take(8))), trusted: r.take(1)[0] == 1}
		if n := r.u16(); n != noAttrs {
			p.attrs = r.bytes(int(n))
		}
		p.track = r.bytes(int(r.u16()))
		s.tracks[id] = p
	}
	return r.err
}

// reader takes values off a state file.
type reader struct {
	in   io.Reader
	err  error
	some [8]byte
}

func (r *reader) take(n int) []byte {
	if _, err := io.ReadFull(r.in, r.some[:n]); r.err == nil {
		r.err = err
	}
	return r.some[:n]
}

func (r *reader) u16() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }
func (r *reader) u32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }

func (r *reader) bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	b := make([]byte, n)
	_, r.err = io.ReadFull(r.in, b)
	return b
}

// write puts the state in the place of the last one: as a whole or not at all.
func (s *state) write(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-")
	if err != nil {
		return fmt.Errorf("write the state file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write the state file: %w", err), os.Remove(f.Name()))
		}
	}()
	h := sha256.New()
	out := bufio.NewWriter(io.MultiWriter(f, h))
	s.Trucks = len(s.tracks)
	head, err := json.Marshal(s)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	b := append(binary.LittleEndian.AppendUint32([]byte(stateMagic), uint32(len(head))), head...)
	for id, p := range s.tracks {
		out.Write(b) //nolint:errcheck // Flush tells
		b = p.append(append(append(b[:0], byte(len(id))), id...))
	}
	out.Write(b) //nolint:errcheck // as above
	err = out.Flush()
	if err == nil {
		_, err = f.Write(h.Sum(nil))
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (p *proven) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(p.records))
	if p.trusted {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	if p.attrs == nil {
		b = binary.LittleEndian.AppendUint16(b, noAttrs)
	} else {
		b = append(binary.LittleEndian.AppendUint16(b, uint16(len(p.attrs))), p.attrs...)
	}
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(p.track))), p.track...)
}

const _ uint = noAttrs - argos.MaxAttrs - 1 // fails to compile when attrs of that length could be
