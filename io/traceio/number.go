package traceio

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// unknowns are texts that people and programs write where they do not know a number.
var unknowns = map[string]bool{
	"": true, "-": true, "--": true, "---": true, "null": true, "nil": true, "none": true, "nan": true,
	"-nan": true, "-nan(ind)": true, "na": true,
	"n/a": true, "#n/a": true, "\\n": true, "unknown": true, "undefined": true, "?": true, "inf": true,
	"-inf": true, "infinity": true, "-infinity": true,
}

// unknown says that a text stands for a quantity that is not known.
func unknown(s string) bool {
	return s == "" || (s[0] < '0' || s[0] > '9') && unknowns[strings.ToLower(s)]
}

// number reads a decimal number, whose one comma, if it has no point, is a decimal one. What is unknown is NaN.
func number(s string) (float64, error) {
	if unknown(s) {
		return math.NaN(), nil
	}
	decimal := s
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		decimal = strings.Replace(s, ",", ".", 1)
	}
	x, err := strconv.ParseFloat(decimal, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) || strings.ContainsAny(s, "xXpP_") {
		return math.NaN(), fmt.Errorf("%.40q is not a number", s)
	}
	return x, nil
}

// textLayouts are the texts of a time that are understood; fractions of a second may follow in each.
var textLayouts = [...]string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05 MST", "2006/01/02 15:04:05",
}

// instant reads a time as ms since 1970, rounded down: a number of ticks of so many ns, or a text, which is in zone
// unless it says otherwise. Without a tick a number's size tells its unit: seconds below 1e11 (the year 5138), then ms,
// us and ns.
func instant(s string, tick int64, zone *time.Location) (int64, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		switch size := max(n, -n); {
		case tick != 0:
		case size < 1e11:
			tick = 1e9
		case size < 1e14:
			tick = 1e6
		case size < 1e17:
			tick = 1e3
		default:
			tick = 1
		}
		if tick == 1e9 && max(n, -n) > 1e14 { // would overflow, and is no time anyhow
			return 0, fmt.Errorf("%.40q is no time", s)
		}
		if tick >= 1e6 {
			return n * (tick / 1e6), nil
		}
		return n / (1e6 / tick), nil
	}
	if tick == 1e6 {
		return 0, fmt.Errorf("%.40q is not a whole number", s)
	}
	if x, err := number(s); err == nil && !math.IsNaN(x) {
		if tick == 0 {
			tick = 1e9
		}
		if ms := x * float64(tick) / 1e6; math.Abs(ms) < 1e15 {
			return int64(math.Floor(ms + 1e-6)), nil // 1.001 s is 1000.9999999999999 ms
		}
		return 0, fmt.Errorf("%.40q is no time", s)
	}
	for _, layout := range textLayouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, fmt.Errorf("%.40q is no time", s)
}
