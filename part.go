package argos

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrEncoding says that bytes which one step handed to the next are not what that step writes: two versions of the
// program in one job, or a broken runner.
var ErrEncoding = errors.New("foreign or damaged encoding")

var le = binary.LittleEndian

// Part is one of the Of parts into which a poll, the records [From, To) of a partition, was divided. It heads what the
// steps of the pipeline hand on, and is itself the acknowledgement of that part.
type Part struct {
	Partition, Epoch int32

	// Term counts how often the process has come to own the partition. Between two terms other processes may have
	// folded and stored what lies before From, so nothing that was kept in memory or state under an earlier term may
	// be used under a later one.
	Term int32

	From, To  int64
	Index, Of int32 // a poll fresh from the source has 0 of 0
}

// PartSize is the encoded size of a Part in bytes.
const PartSize = 36

// Append encodes the part.
func (p Part) Append(b []byte) []byte {
	b = le.AppendUint32(b, uint32(p.Partition))
	b = le.AppendUint32(b, uint32(p.Epoch))
	b = le.AppendUint32(b, uint32(p.Term))
	b = le.AppendUint64(b, uint64(p.From))
	b = le.AppendUint64(b, uint64(p.To))
	b = le.AppendUint32(b, uint32(p.Index))
	return le.AppendUint32(b, uint32(p.Of))
}

// DecodePart reads the part at the head of b and returns what follows it.
func DecodePart(b []byte) (Part, []byte, error) {
	if len(b) < PartSize {
		return Part{}, nil, fmt.Errorf("%w: a part of %d bytes", ErrEncoding, len(b))
	}
	return Part{
		Partition: int32(le.Uint32(b)), Epoch: int32(le.Uint32(b[4:])), Term: int32(le.Uint32(b[8:])),
		From: int64(le.Uint64(b[12:])), To: int64(le.Uint64(b[20:])),
		Index: int32(le.Uint32(b[28:])), Of: int32(le.Uint32(b[32:])),
	}, b[PartSize:], nil
}

// LogRecord is a record as the log returns it, before its value is understood.
type LogRecord struct {
	Offset int64
	Time   int64  // ms; the gateway sets it to its time of receipt
	Value  []byte // nil: the record had none
}

// AppendLogRecord adds a record to a poll, which is a Part followed by its records.
func AppendLogRecord(b []byte, r LogRecord) []byte {
	b = le.AppendUint64(b, uint64(r.Offset))
	b = le.AppendUint64(b, uint64(r.Time))
	if r.Value == nil {
		return le.AppendUint32(b, math.MaxUint32)
	}
	b = le.AppendUint32(b, uint32(len(r.Value)))
	return append(b, r.Value...)
}

// DecodeLogRecord reads the record at the head of b, whose memory it shares, and returns what follows it.
func DecodeLogRecord(b []byte) (LogRecord, []byte, error) {
	if len(b) < 20 {
		return LogRecord{}, nil, fmt.Errorf("%w: a record of %d bytes", ErrEncoding, len(b))
	}
	r := LogRecord{Offset: int64(le.Uint64(b)), Time: int64(le.Uint64(b[8:]))}
	n := le.Uint32(b[16:])
	b = b[20:]
	if n == math.MaxUint32 {
		return r, b, nil
	}
	if uint64(n) > uint64(len(b)) {
		return LogRecord{}, nil, fmt.Errorf("%w: a record value of %d bytes in %d", ErrEncoding, n, len(b))
	}
	r.Value = b[:n:n]
	return r, b[n:], nil
}
