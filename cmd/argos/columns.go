package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"argos/io/traceio"
)

// recorded is what every command that reads drives is told.
type recorded struct {
	Fixes   string    `help:"The file in a drive's folder." default:"fixes.csv"`
	Columns columns   `help:"${columns}." placeholder:"FILE|FIELD=COLUMN[:UNIT],..."`
	Date    time.Time `help:"The date (UTC) of the first row of NMEA files that tell the time of day alone." format:"2006-01-02" placeholder:"YYYY-MM-DD"`
}

const columnsHelp = "Columns of tables by other than the usual names, or, where there is no header, by number; " +
	"or a FILE with one FIELD = COLUMN a line, " +
	"and remarks after #. FIELD is truck, time, date, lat, lon, alt, speed, heading, hdop, accuracy or valid; " +
	"UNIT is m/s, km/h, mph or kn of a speed, e7 of degrees times 10^7, dmy, mdy or ymd of a date, " +
	"and of a time s, ms, us, ns, " +
	"or the zone of texts that name none"

const formatsHelp = "CSV, GPX, NMEA 0183, KML, KMZ, GeoJSON, FIT, OwnTracks .rec, Google Timeline, NDJSON"

// Validate is called by kong.
func (r *recorded) Validate() error { return r.columns().Check() }

func (r *recorded) columns() traceio.Columns { return traceio.Columns(r.Columns) }

// columns are those of the command line.
type columns traceio.Columns

// UnmarshalText takes FIELD=COLUMN,..., or the path of a file.
func (c *columns) UnmarshalText(text []byte) error {
	if *c == nil {
		*c = columns{}
	}
	if strings.Contains(string(text), "=") {
		return traceio.Columns(*c).Add(string(text))
	}
	f, err := os.Open(string(text))
	if err != nil {
		return fmt.Errorf("neither FIELD=COLUMN nor a file: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	if err := traceio.Columns(*c).Read(f); err != nil {
		return fmt.Errorf("%s %w", text, err)
	}
	return nil
}
