package traceio

import (
	"io"
	"math"
	"strconv"

	"argos"
)

// CleanWriter writes what a filter made of a drive, one row a row of the drive:
// t_ms,lat,lon,speed_mps,heading_deg,sigma_m,status. What is not known is empty.
type CleanWriter struct {
	to  io.Writer
	row []byte
}

// NewCleanWriter writes the header.
func NewCleanWriter(to io.Writer) (*CleanWriter, error) {
	_, err := io.WriteString(to, "t_ms,lat,lon,speed_mps,heading_deg,sigma_m,status\n")
	return &CleanWriter{to: to}, err
}

// Write writes the document after a row. Numbers have as many digits as it takes to read the same ones back.
func (w *CleanWriter) Write(row Row, t *argos.Truck) error {
	status := t.Status.String()
	if row.Err != nil {
		status = "refused"
	}
	b := w.row[:0]
	b = append(b, row.TMs...)
	for _, x := range [...]float64{t.Lat, t.Lon, t.Speed, t.Heading, t.Accuracy} {
		b = append(b, ',')
		if !math.IsNaN(x) {
			b = strconv.AppendFloat(b, x, 'f', -1, 64)
		}
	}
	b = append(b, ',')
	b = append(b, status...)
	b = append(b, '\n')
	w.row = b
	_, err := w.to.Write(b)
	return err
}
