package traceio

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Columns says which column of a CSV file holds what, where its header does not use one of the usual names: from a field
// (truck, time, lat, lon, alt, speed, heading, hdop, accuracy, valid) to COLUMN or COLUMN:UNIT. The unit of a speed is one of
// m/s, km/h, mph and kn; of an altitude or accuracy m or ft; of lat and lon deg, or m from a place of no name, which is put
// at 0, 0; of a time s, ms, us or ns since 1970, or the IANA zone in which a text without one is to be read, such as Europe/Berlin,
// or rel, when the clock is of no calendar: the first row is put at the beginning of the year 2000.
type Columns map[string]string

type field int

const (
	fieldTruck field = iota
	fieldTime
	fieldLat
	fieldLon
	fieldAlt
	fieldSpeed
	fieldHeading
	fieldHDOP
	fieldAccuracy
	fieldValid
	fieldCount
)

// fields has the names that are usual for each field, the own ones first: where a header has several, the first counts.
var fields = [fieldCount]struct {
	name    string
	units   map[string]float64 // to that of argos.Fix
	aliases []string           // in lower case
}{
	fieldTruck:   {"truck", nil, []string{"truck_id", "vehicle_id", "device_id", "truck", "vehicle"}},
	fieldTime:    {"time", nil, []string{"t_ms", "timestamp_ms", "time_ms", "ts", "timestamp", "time", "datetime", "date_time", "utc", "gps_time", "time_utc"}},
	fieldLat:     {"lat", degrees, []string{"lat", "latitude", "lat_deg"}},
	fieldLon:     {"lon", degrees, []string{"lon", "lng", "long", "longitude", "lon_deg"}},
	fieldAlt:     {"alt", lengths, []string{"alt_m", "alt", "altitude", "ele", "elevation", "height"}},
	fieldSpeed:   {"speed", speeds, []string{"speed_mps", "speed", "speed_kmh", "speed_kph", "speed_mph", "speed_kn", "speed_knots", "velocity"}},
	fieldHeading: {"heading", nil, []string{"course_deg", "heading_deg", "heading", "course", "bearing", "cog", "track"}},
	fieldHDOP:    {"hdop", nil, []string{"hdop"}},
	fieldAccuracy: {"accuracy", lengths, []string{
		"accuracy_m", "accuracy", "horizontal_accuracy", "horizontalaccuracy", "h_accuracy", "hacc",
	}},
	fieldValid: {"valid", nil, []string{"fix_q", "valid", "fix_valid"}},
}

var (
	degrees = map[string]float64{"deg": 1, "m": 1 / 111_319.49} // on the equator
	lengths = map[string]float64{"m": 1, "ft": 0.3048}
	speeds  = map[string]float64{
		"m/s": 1, "mps": 1, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "kph": 1 / 3.6,
		"mph": 0.44704, "kn": 1852. / 3600, "kt": 1852. / 3600, "knots": 1852. / 3600,
	}
	// ticks is what a time's unit is in ns.
	ticks = map[string]int64{"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}
)

// column is where a field stands, and how to read it.
type column struct {
	index int    // -1: nowhere
	name  string // as the header has it
	scale float64
	tick  int64 // of a time, ns; 0: by its size
	zone  *time.Location
	rel   bool // of a time: the clock is of no calendar
}

// Check says in one sentence what can't be meant.
func (c Columns) Check() error {
	var known [fieldCount]string
	for f := range fields {
		known[f] = fields[f].name
	}
	for _, name := range slices.Sorted(maps.Keys(c)) {
		f := slices.Index(known[:], name)
		if f < 0 {
			return fmt.Errorf("there is no field %q to map a column to: there are %s", name, strings.Join(known[:], ", "))
		}
		if _, err := c.mapped(field(f)); err != nil {
			return err
		}
	}
	return nil
}

// mapped reads what c says of a field; its index is -1 as long as no header was seen, and its name is empty when c says nothing.
func (c Columns) mapped(f field) (column, error) {
	col := column{index: -1, name: c[fields[f].name], scale: 1, zone: time.UTC}
	i := strings.LastIndexByte(col.name, ':')
	if _, given := c[fields[f].name]; given && (i == 0 || col.name == "") {
		return col, fmt.Errorf("the %s is mapped to no column", fields[f].name)
	}
	if i < 0 {
		return col, nil
	}
	unit := col.name[i+1:]
	col.name = col.name[:i]
	if f == fieldTime {
		if col.rel = unit == "rel"; col.rel {
			return col, nil
		}
		if col.tick = ticks[unit]; col.tick != 0 {
			return col, nil
		}
		var err error
		if col.zone, err = time.LoadLocation(unit); err != nil || unit == "" {
			return col, fmt.Errorf("the time of column %q is in %q: neither s, ms, us, ns, rel nor a time zone such as Europe/Berlin", col.name, unit)
		}
		return col, nil
	}
	scale, ok := fields[f].units[unit]
	if !ok {
		if fields[f].units == nil {
			return col, fmt.Errorf("column %q, the %s, has no unit to be named: there is %q", col.name, fields[f].name, unit)
		}
		return col, fmt.Errorf("the %s of column %q is in %q: known are %s",
			fields[f].name, col.name, unit, strings.Join(slices.Sorted(maps.Keys(fields[f].units)), ", "))
	}
	col.scale = scale
	return col, nil
}

// resolve finds each field's column in a header.
func (c Columns) resolve(header []string) (at [fieldCount]column, err error) {
	index := map[string]int{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if _, twice := index[name]; twice && name != "" {
			return at, fmt.Errorf("the header has the column %.40q twice", name)
		}
		index[name] = i
	}
	for f := range fieldCount {
		if at[f], err = c.mapped(f); err != nil {
			return at, err
		}
		if at[f].name != "" {
			i, ok := index[at[f].name]
			if !ok {
				return at, fmt.Errorf("the header has no column %s, which is to be the %s", at[f].name, fields[f].name)
			}
			at[f].index = i
			continue
		}
		at[f] = usual(f, header)
		if at[f].index < 0 && (f == fieldTime || f == fieldLat || f == fieldLon) {
			return at, fmt.Errorf("the header has no column %s, nor another usual name of it: say which one is the %s",
				fields[f].aliases[0], fields[f].name)
		}
	}
	return at, nil
}

// usual finds a field's column by the names that are usual for it. A unit follows the name: speed_kmh, or speed (km/h).
func usual(f field, header []string) column {
	for _, alias := range fields[f].aliases {
		for i, name := range header {
			plain, unit := strings.ToLower(strings.TrimSpace(name)), ""
			if open := strings.IndexAny(plain, "(["); open > 0 {
				plain, unit = strings.TrimSpace(plain[:open]), strings.TrimSpace(strings.TrimRight(plain[open+1:], ")]"))
			}
			if strings.ReplaceAll(plain, " ", "_") != alias {
				continue
			}
			col := column{index: i, name: strings.TrimSpace(name), scale: 1, zone: time.UTC}
			if cut := strings.LastIndexByte(alias, '_'); unit == "" && cut > 0 {
				unit = alias[cut+1:]
			}
			if s, ok := fields[f].units[unit]; ok {
				col.scale = s
			}
			if f == fieldTime {
				col.tick = ticks[unit]
			}
			return col
		}
	}
	return column{index: -1}
}
