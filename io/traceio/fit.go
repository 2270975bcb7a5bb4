package traceio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/muktihari/fit/decoder"
	"github.com/muktihari/fit/profile/basetype"
	"github.com/muktihari/fit/profile/mesgdef"
	"github.com/muktihari/fit/profile/untyped/mesgnum"
	"github.com/muktihari/fit/proto"

	"argos"
)

// records is a FIT file, as watches and trackers of Garmin, Wahoo and others write it: each record message is a row.
type records struct {
	fit   *decoder.Decoder
	count int
	ready []Row
	err   error // no more can be read
}

func newRecords(in *bufio.Reader) *records {
	r := &records{}
	r.fit = decoder.New(in, decoder.WithMesgListener(r), decoder.WithBroadcastOnly())
	return r
}

// row decodes the file when the first row is asked for: its decoder gives messages, and takes no questions. Several
// files may be chained in one.
func (r *records) row() (Row, error) {
	for len(r.ready) == 0 {
		if r.err != nil {
			return Row{}, r.err
		}
		if !r.fit.Next() {
			r.err = io.EOF
			continue
		}
		if _, err := r.fit.Decode(); err != nil {
			r.err = io.EOF
			var bad *readError
			if errors.As(err, &bad) {
				r.err = err
				continue
			}
			err = fmt.Errorf("the rest is not read, for the file is damaged: %w", err)
			r.ready = append(r.ready, Row{line: r.count + 1, Err: err})
		}
	}
	row := r.ready[0]
	r.ready = r.ready[1:]
	return row, nil
}

// OnMesg is called by the decoder.
func (r *records) OnMesg(m proto.Message) {
	if m.Num != mesgnum.Record {
		return
	}
	r.count++
	record := mesgdef.NewRecord(&m)
	row := Row{line: r.count}
	switch {
	case record.PositionLat == basetype.Sint32Invalid || record.PositionLong == basetype.Sint32Invalid:
		row.Err = errors.New("the receiver tells no position")
	case record.Timestamp.IsZero():
		row.Err = errNoTime
	default:
		ms := record.Timestamp.UnixMilli()
		f := argos.NewFix("", ms, record.PositionLatDegrees(), record.PositionLongDegrees())
		f.Alt = first(record.EnhancedAltitudeScaled(), record.AltitudeScaled())
		f.Speed = first(record.EnhancedSpeedScaled(), record.SpeedScaled())
		if record.GpsAccuracy != basetype.Uint8Invalid {
			f.Accuracy = float64(record.GpsAccuracy)
		}
		row.Fix, row.TMs = f, strconv.FormatInt(ms, 10)
	}
	r.ready = append(r.ready, row)
}

// first is the first of two that is known.
func first(a, b float64) float64 {
	if math.IsNaN(a) {
		return b
	}
	return a
}
