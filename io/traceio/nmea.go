package traceio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/adrianmo/go-nmea"

	"argos"
)

// knot is a nautical mile an hour, in m/s.
const knot = 1852. / 3600

// sentences is a log of NMEA 0183. A receiver tells what it knows of one instant in several sentences; those of one
// time of day, whatever their talkers, are one row: position and HDOP from GGA, position, speed, course and date from
// RMC, and what is missing from VTG, GSA and ZDA, which follow. What a logger puts before the $ and after the checksum
// is passed over, and so is a line without a sentence. A sentence that is damaged is a row of its own, refused.
//
// Many receivers tell the time before they know the date, or the date in a sentence that comes later: what comes before
// the first date is dated backwards from it. A log that tells none begins at the date that its reader was given.
type sentences struct {
	lines
	parser  nmea.SentenceParser
	bare    bool      // no sentence has a checksum
	begins  time.Time // the date of a log that tells none, if not zero
	now     *instantRow
	ready   []Row
	undated []int     // those of ready whose Fix.Time is the time of a day that is not known yet, ms
	day     time.Time // midnight (UTC) of the date last told
	latest  int64     // time of that day, ms
	ended   bool
}

// instantRow gathers the sentences of one instant.
type instantRow struct {
	line            int
	clock           int64 // ms of the day
	gga, rmc, dated bool
	fix             argos.Fix // without a time
}

// shortest is how many fields a whole GGA or RMC has at least.
const shortest = 11

// wanted are the sentences that are read.
var wanted = [...]string{"GGA", "RMC", "VTG", "GSA", "ZDA"}

var readable = regexp.MustCompile(`\$[A-Z]{2}(` + strings.Join(wanted[:], "|") + `),`)

// newSentences is told how the log begins: where no sentence of that has a checksum, none needs one.
func newSentences(l lines, head []byte, begins time.Time) *sentences {
	s := &sentences{lines: l, bare: looksNMEA.Match(head) && !withChecksum.Match(head), begins: begins}
	if s.bare {
		s.parser.CheckCRC = func(b nmea.BaseSentence, raw string) error {
			if b.Checksum == "" {
				return nil
			}
			return nmea.CheckCRC(b, raw)
		}
	}
	s.parser.CustomParsers = map[string]nmea.ParserFunc{}
	for _, kind := range wanted { // as they are: in those of the library a blank is a zero
		s.parser.CustomParsers[kind] = func(b nmea.BaseSentence) (nmea.Sentence, error) { return b, nil }
	}
	return s
}

var withChecksum = regexp.MustCompile(`\$[A-Z]{2}(GGA|RMC|VTG|GSA|GSV|GLL|ZDA),[^*$\r\n]*\*[0-9A-Fa-f]{2}`)

// notes is for the reader of the log.
func (s *sentences) notes() []string {
	if s.bare {
		return []string{"no sentence has a checksum: damage to one is not noticed"}
	}
	return nil
}

func (s *sentences) row() (Row, error) {
	for !s.ended && (len(s.ready) == 0 || len(s.undated) > 0) {
		line, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			s.close()
			s.end()
		case errors.Is(err, errLong): // binary messages between the sentences
		case err != nil:
			return Row{}, err
		default:
			s.sentencesOf(line)
		}
	}
	if len(s.ready) == 0 {
		return Row{}, io.EOF
	}
	r := s.ready[0]
	s.ready = s.ready[1:]
	return r, nil
}

// sentencesOf takes in the sentences of a line: more than one where there are binary messages between them.
func (s *sentences) sentencesOf(line []byte) {
	found := readable.FindAllIndex(line, -1)
	if len(found) == 0 && s.torn && bytes.IndexByte(line, '$') >= 0 && bytes.IndexByte(line, '*') < 0 {
		s.ready = append(s.ready, Row{line: s.line, Err: errTorn})
	}
	for i, at := range found {
		end := len(line)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		if err := s.sentence(string(line[at[0]:end])); err != nil {
			s.ready = append(s.ready, Row{line: s.line, Err: err})
		}
	}
}

// sentence takes in a sentence, and what a logger put after it.
func (s *sentences) sentence(text string) error {
	if end := strings.IndexByte(text, '*'); end >= 0 {
		text = text[:min(len(text), end+3)]
	}
	parsed, err := s.parser.Parse(text)
	if err != nil {
		if s.torn {
			return errTorn
		}
		return errors.New(strings.TrimPrefix(err.Error(), "nmea: "))
	}
	b := parsed.(nmea.BaseSentence) //nolint:errcheck // its parser returns nothing else
	if s.torn && b.Checksum == "" && len(b.Fields) < shortest {
		return errTorn
	}
	p := nmea.NewParser(b)
	switch b.Type {
	case "GGA", "RMC":
		return s.timed(p)
	case "ZDA":
		year, month, date := p.Int64(3, "year"), p.Int64(2, "month"), p.Int64(1, "day")
		day := time.Date(int(year), time.Month(month), int(date), 0, 0, 0, 0, time.UTC)
		if err := p.Err(); err != nil {
			return err
		}
		if has(p, 3) && aDate(month, date) && s.now != nil && !s.now.dated {
			s.dated(day)
		}
		return nil
	}
	if s.now == nil {
		return nil
	}
	f := &s.now.fix
	if b.Type == "GSA" {
		fill(&f.HDOP, p, 15, "hdop", 1)
	} else {
		fill(&f.Heading, p, 0, "true track", 1)
		fill(&f.Speed, p, 4, "speed", knot)
	}
	return p.Err()
}

// timed takes in a sentence that has a time and a position.
func (s *sentences) timed(p *nmea.Parser) error {
	t := p.Time(0, "time")
	if err := p.Err(); err != nil {
		return err
	}
	if !t.Valid {
		return errors.New("the receiver tells no time")
	}
	if t.Hour > 23 || t.Minute > 59 || t.Second > 60 {
		return fmt.Errorf("%s has the time %s", p.Prefix(), p.Fields[0])
	}
	clock := int64(t.Hour*3600+t.Minute*60+t.Second)*1000 + int64(t.Millisecond)
	next := instantRow{line: s.line, clock: clock, fix: argos.NewFix("", 0, math.NaN(), math.NaN())}
	if s.now != nil && s.now.clock == clock {
		next = *s.now
	}
	position := 1
	if p.Type == "RMC" {
		position = 2
	}
	f := &next.fix
	if has(p, position) && has(p, position+2) && (p.Type == "GGA" && !next.gga || math.IsNaN(f.Lat)) {
		f.Lat, f.Lon = p.LatLong(position, position+1, "latitude"), p.LatLong(position+2, position+3, "longitude")
	}
	var day time.Time
	if p.Type == "GGA" && !next.gga {
		next.gga = true
		f.Valid = f.Valid && p.String(5, "fix quality") != nmea.Invalid && has(p, 5)
		fill(&f.HDOP, p, 7, "hdop", 1)
		fill(&f.Alt, p, 8, "altitude", 1)
	}
	if p.Type == "RMC" && !next.rmc {
		next.rmc = true
		f.Valid = f.Valid && p.EnumString(1, "validity", nmea.ValidRMC, nmea.InvalidRMC) == nmea.ValidRMC
		fill(&f.Speed, p, 6, "speed", knot)
		fill(&f.Heading, p, 7, "course", 1)
		if d := p.Date(8, "date"); d.Valid {
			year := 2000 + d.YY
			if d.YY >= 80 { // GPS began in 1980
				year = 1900 + d.YY
			}
			if aDate(int64(d.MM), int64(d.DD)) {
				day = time.Date(year, time.Month(d.MM), d.DD, 0, 0, 0, 0, time.UTC)
			}
		}
	}
	if err := p.Err(); err != nil {
		return err
	}
	if s.now != nil && s.now.clock != clock {
		s.close()
	}
	s.now = &next
	if !day.IsZero() {
		s.dated(day)
	}
	return nil
}

// has says whether a sentence has something in a field.
func has(p *nmea.Parser, i int) bool { return i < len(p.Fields) && p.Fields[i] != "" }

// fill reads a quantity that is not known yet, if the sentence has it.
func fill(x *float64, p *nmea.Parser, i int, what string, scale float64) {
	if math.IsNaN(*x) && has(p, i) {
		*x = p.Float64(i, what) * scale
	}
}
