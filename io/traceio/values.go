package traceio

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"argos"
)

var errNoTime = errors.New("the point has no time")

// place is the row of a place at a time, in ticks of so many ns if it is a number; see instant.
func place(at string, tick int64, lat, lon float64) (r Row) {
	if at = strings.TrimSpace(at); at == "" {
		r.Err = errNoTime
		return r
	}
	ms, err := instant(at, tick, time.UTC)
	if err != nil {
		r.Err = fmt.Errorf("the time %w", err)
		return r
	}
	r.Fix = argos.NewFix("", ms, lat, lon)
	r.at(ms)
	return r
}

// latLng reads "51.9000000°, 4.4000000°" and "geo:51.900000,4.400000".
func latLng(text string) (lat, lon float64, err error) {
	north, east, ok := strings.Cut(strings.TrimPrefix(text, "geo:"), ",")
	if ok {
		if lat, err = degree(north); err == nil {
			if lon, err = degree(east); err == nil {
				return lat, lon, nil
			}
		}
	}
	return 0, 0, fmt.Errorf("%.40q is no latitude and longitude", text)
}

func degree(text string) (float64, error) {
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "°"))
	if text == "" {
		return 0, errors.New("is blank")
	}
	return number(text)
}

// degreesE7 is what a number of 1e-7 degrees means: some of Google's files have those beyond the limit less 2^32.
func degreesE7(x, limit float64) float64 {
	if x > limit*1e7 {
		x -= 1 << 32
	}
	return x / 1e7
}

// or is NaN where there is no number.
func or(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}

// unquoted is a number or a text, as a text; null and what is not there are empty.
func unquoted(raw json.RawMessage) string {
	s := string(raw)
	if s == "null" {
		return ""
	}
	if u, err := strconv.Unquote(s); err == nil {
		return u
	}
	return s
}
