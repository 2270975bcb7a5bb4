package traceio

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"

	"argos"
	"argos/truth"
)

// Writer writes a drive's fixes, so that Reader gives back each number bit by bit. TruckID, Seq and Attrs have no column.
type Writer struct {
	out  *bufio.Writer
	line []byte
}

// NewWriter writes the header.
func NewWriter(w io.Writer) (*Writer, error) {
	out := bufio.NewWriter(w)
	_, err := out.WriteString("t_ms,lat,lon,alt_m,speed_mps,course_deg,hdop,accuracy_m,fix_q\n")
	return &Writer{out: out}, err
}

// Write adds a row.
func (w *Writer) Write(f *argos.Fix) error {
	b := strconv.AppendInt(w.line[:0], f.Time, 10)
	for _, x := range [...]float64{f.Lat, f.Lon, f.Alt, f.Speed, f.Heading, f.HDOP, f.Accuracy} {
		b = appendNumber(append(b, ','), x)
	}
	if b = append(b, ',', '1', '\n'); !f.Valid {
		b[len(b)-2] = '0'
	}
	w.line = b
	_, err := w.out.Write(b)
	return err
}

// Flush brings what was written to the writer below.
func (w *Writer) Flush() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write trace: %w", err)
	}
	return nil
}

// WriteTruth writes a truth file.
func WriteTruth(w io.Writer, t truth.Track) error {
	out := bufio.NewWriter(w)
	b := []byte("t_ms,lat,lon\n")
	for _, r := range t {
		b = strconv.AppendInt(b, r.TMs, 10)
		b = appendNumber(append(b, ','), r.Pos.Lat)
		b = appendNumber(append(b, ','), r.Pos.Lon)
		if _, err := out.Write(append(b, '\n')); err != nil {
			return fmt.Errorf("write truth: %w", err)
		}
		b = b[:0]
	}
	_, _ = out.Write(b) // the header of an empty one; Flush has the error
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	return nil
}

func appendNumber(b []byte, x float64) []byte {
	if math.IsNaN(x) {
		return b
	}
	return strconv.AppendFloat(b, x, 'f', -1, 64)
}
