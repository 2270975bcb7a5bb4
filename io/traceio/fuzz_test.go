package traceio

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

func FuzzParseRow(f *testing.F) {
	const usual = "t_ms,lat,lon,alt_m,speed_mps,course_deg,hdop,sats,fix_q,recv_ms"
	f.Add(usual, "1744081251719,39.98,116.47,40.392,0.050,0.00,1.028,19,1,1744081251719")
	f.Add(usual, "1589494245000,37.4194164687255,-122.094611888307,401.23,,,1.022,,0,")
	f.Add("lon,lat,t_ms,accuracy_m", "1e3,-0,5")
	f.Add("t_ms,lat,lon", "-9223372036854775809,0x1p-2,1_0")
	f.Fuzz(func(t *testing.T, header, line string) {
		column := map[string]int{}
		for i, name := range strings.Split(header, ",") {
			if _, twice := column[name]; twice {
				return
			}
			column[name] = i
		}
		fix, tMs, err := parseRow([]byte(line), column)
		if strings.ContainsAny(tMs, "\",\r\n") {
			t.Fatalf("t_ms %q would break a row", tMs)
		}
		if n, bad := strconv.ParseInt(tMs, 10, 64); err == nil && (bad != nil || n != fix.Time) {
			t.Fatalf("t_ms %q of a fix at %d, %v", tMs, fix.Time, bad)
		}
		if err == nil && (tMs == "" || math.IsNaN(fix.Lat+fix.Lon) || math.IsInf(fix.Lat+fix.Lon, 0)) {
			t.Fatalf("%q is a fix: %+v", line, fix)
		}
	})
}
