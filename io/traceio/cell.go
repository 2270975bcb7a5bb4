package traceio

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// cellReader reads a row's fields. err is the first that could not be read.
type cellReader struct {
	cells  []string
	at     *[fieldCount]column
	line   int
	doubts *[fieldCount]doubt
	err    error
}

// text is empty where there is no such column or field.
func (r *cellReader) text(f field) string {
	i := r.at[f].index
	if i < 0 || i >= len(r.cells) {
		return ""
	}
	return strings.TrimSpace(r.cells[i])
}

func (r *cellReader) time(c *clock) int64 {
	m := r.moment()
	ms, err := c.read(m.date, m.text)
	if err != nil {
		r.fail(fieldTime, err.Error())
	}
	return ms
}

// hemispheres are the signs that letters give a latitude or a longitude.
var hemispheres = map[string]float64{"N": 1, "S": -1, "E": 1, "W": -1, "NORTH": 1, "SOUTH": -1, "EAST": 1, "WEST": -1}

// degrees reads a latitude or a longitude, whose hemisphere may be a letter beside the number, or in a column of its
// own.
func (r *cellReader) degrees(f, hemisphere field) float64 {
	s := r.text(f)
	if unknown(s) {
		r.fail(f, "is blank")
		return math.NaN()
	}
	sign := 1.0
	letter, size := utf8.DecodeRuneInString(s)
	if side, ok := hemispheres[strings.ToUpper(string(letter))]; ok {
		sign, s = side, strings.TrimSpace(s[size:])
	} else if letter, size = utf8.DecodeLastRuneInString(s); size > 0 {
		if side, ok := hemispheres[strings.ToUpper(string(letter))]; ok {
			sign, s = side, strings.TrimSpace(s[:len(s)-size])
		}
	}
	if side, ok := hemispheres[strings.ToUpper(r.text(hemisphere))]; ok {
		sign = side
	}
	x, err := number(strings.TrimSpace(strings.TrimSuffix(s, "°")))
	if err != nil {
		r.fail(f, fmt.Sprintf("%.40q is not a number", r.text(f)))
		return math.NaN()
	}
	if sign < 0 && x > 0 {
		x = -x
	}
	return x * r.at[f].scale
}

// quantity reads what need not be there. It is NaN where it is blank or unknown, and, which is counted, where it is no
// number.
func (r *cellReader) quantity(f field) float64 {
	s := r.text(f)
	if unknown(s) {
		return math.NaN()
	}
	digits, unit := measure(s)
	x, err := number(digits)
	scale := r.at[f].scale
	if unit != "" && err == nil {
		own, known := fields[f].units[strings.ToLower(unit)]
		if scale = own; !known {
			err = errors.New("the unit is not known")
		}
	}
	if err == nil && r.thousands(digits) {
		err = errors.New("the separator is of thousands or of decimals")
	}
	if err != nil {
		r.doubt(f, s)
		return math.NaN()
	}
	return x * scale
}

// measure cuts a text into its number and the unit that may follow it.
func measure(s string) (digits, unit string) {
	end := strings.LastIndexAny(s, "0123456789.") + 1
	return s[:end], strings.TrimSpace(s[end:])
}

var threeDigits = regexp.MustCompile(`^[-+]?[1-9][0-9]{0,2}[.,][0-9]{3}$`)

// thousands says that a separator may stand between thousands: before three digits, and other than the one in the row's
// degrees.
func (r *cellReader) thousands(number string) bool {
	at := strings.LastIndexAny(number, ".,")
	if at < 0 || len(number)-at != 4 || !threeDigits.MatchString(number) {
		return false
	}
	return strings.Contains(r.text(fieldLat)+r.text(fieldLon), ",") != (number[at] == ',')
}

// validities are words for whether a receiver has a fix.
var validities = map[bool][]string{
	true: {
		"true", "t", "yes", "y", "a", "valid", "ok", "good", "fix", "2d", "3d", "gps", "gnss", "sps", "dgps",
		"pps", "rtk", "frtk", "float rtk", "fixed",
		"float", "estimated", "dr", "dead reckoning", "active",
	},
	false: {
		"false",
		"f",
		"no",
		"n",
		"v",
		"none",
		"no fix",
		"nofix",
		"no_fix",
		"not fixed",
		"invalid",
		"void",
		"bad",
		"unfixed",
	},
}

// validity is false where a receiver says that it has no fix: a 0, as in NMEA, or a word for no.
func validity(s string) (valid, known bool) {
	s = strings.ToLower(s)
	for valid, words := range validities {
		if slices.Contains(words, s) {
			return valid, true
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n != 0, err == nil
}

func (r *cellReader) valid() bool {
	s := r.text(fieldValid)
	if unknown(s) {
		return true
	}
	valid, known := validity(s)
	if !known {
		r.doubt(fieldValid, s)
	}
	return valid || !known
}

// doubt counts what was left out.
func (r *cellReader) doubt(f field, s string) {
	if d := &r.doubts[f]; d.rows == 0 {
		*d = doubt{1, r.line, s}
	} else {
		d.rows++
	}
}

func (r *cellReader) fail(f field, what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s %s", r.at[f].name, what)
	}
}
