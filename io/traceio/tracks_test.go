package traceio

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"argos"
)

// trk is a GPX track: a point a second from a second on, eastwards from a longitude.
func trk(name string, from, points int, lon float64) string {
	var b strings.Builder
	b.WriteString("<trk>")
	if name != "" {
		b.WriteString("<name>" + name + "</name>")
	}
	b.WriteString("<trkseg>")
	for i := range points {
		fmt.Fprintf(
			&b,
			`<trkpt lat="51.9" lon="%.5f"><time>%s</time></trkpt>`,
			lon+float64(i)/5000,
			time.Unix(1772348400+int64(from+i), 0).UTC().Format(time.RFC3339),
		)
	}
	return b.String() + "</trkseg></trk>"
}

func TestTracks(t *testing.T) {
	for name, c := range map[string]struct {
		tracks string
		want   string // truck and number of rows
	}{
		"one after the other":        {trk("A", 0, 10, 4) + trk("B", 10, 10, 5), "set_d 20"},
		"that share an end":          {trk("A", 0, 10, 4) + trk("B", 9, 10, 5), "set_d 20"},
		"later ones first":           {trk("B", 60, 10, 4) + trk("A", 0, 10, 5), "set_d 20"},
		"at the same hours":          {trk("Truck 7", 0, 10, 4) + trk("Truck 8", 5, 10, 5), "Truck-7-5aef725215 10, Truck-8-59e19d74c3 10"},
		"without names":              {trk("", 0, 10, 4) + trk("", 5, 10, 5), "track-1 10, track-2 10"},
		"of one name":                {trk("A", 0, 10, 4) + trk("A", 5, 10, 5) + trk("A", 20, 10, 4), "A 20, A-2 10"},
		"of names that are alike":    {trk("Я 1", 0, 10, 4) + trk("Ж 1", 5, 10, 5) + trk("- 1", 3, 9, 6), "1-07838844b3 10, 1-1745dafda0 10, 1-7ddef491eb 9"},
		"of long names":              {trk(strings.Repeat("x", 100)+"1", 0, 10, 4) + trk(strings.Repeat("x", 100)+"2", 0, 10, 5), strings.Repeat("x", 53) + "-00eafe0b22 10, " + strings.Repeat("x", 53) + "-41081bf5b4 10"},
		"segments at the same hours": {strings.ReplaceAll(trk("A", 0, 10, 4)+trk("", 5, 10, 5), "</trkseg></trk><trk><trkseg>", "</trkseg><trkseg>"), "A 10, A-2 10"},
		"segments one by one":        {strings.ReplaceAll(trk("A", 0, 10, 4)+trk("", 10, 10, 5), "</trkseg></trk><trk><trkseg>", "</trkseg><trkseg>"), "set_d 20"},
		"one goes on":                {trk("A", 0, 10, 4) + trk("B", 5, 10, 5) + trk("A", 60, 10, 4), "A 20, B 10"},
		"one without points":         {trk("A", 0, 10, 4) + "<trk/>" + trk("B", 5, 10, 5), "A 10, B 10"},
		"the name comes last":        {strings.Replace(trk("", 0, 10, 4), "</trk>", "<name> A\n</name></trk>", 1) + trk("B", 5, 10, 5), "A 10, B 10"},
	} {
		rows, r := readText(
			t,
			"a.gpx",
			"<gpx><metadata><name>no truck</name></metadata>"+c.tracks+"</gpx>",
			time.Time{},
		)
		count := map[string]int{}
		var ids []string
		for _, row := range rows {
			if row.Err != nil {
				t.Errorf("%s: %v", name, row.Err)
			}
			if id := row.Fix.TruckID; count[id] == 0 {
				ids = append(ids, id)
			}
			count[row.Fix.TruckID]++
		}
		var got []string
		for _, id := range slices.Sorted(slices.Values(ids)) {
			got = append(got, fmt.Sprintf("%s %d", id, count[id]))
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, want %s", name, s, c.want)
		}
		if several := len(ids) > 1; r.Named() != several ||
			several != strings.Contains(strings.Join(r.Notes(), ""), fmt.Sprintf("%d trucks", len(ids))) {
			t.Errorf("%s: named %v, %q", name, r.Named(), r.Notes())
		}
	}
}

// Whatever the tracks: a truck is never in two of them at once, and no row is left without its truck.
func TestTracksOfOneTruckFollowOneAnother(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tracks := rapid.IntRange(1, 8).Draw(t, "tracks")
		names := make([]string, tracks)
		var rows []Row
		for i := range tracks {
			names[i] = rapid.SampledFrom([]string{"", "A", "B", "Ä", "Ö"}).Draw(t, "name")
			from := rapid.Int64Range(0, 50).Draw(t, "from")
			for k := range rapid.Int64Range(0, 15).Draw(t, "rows") {
				rows = append(rows, Row{track: i, Fix: argos.NewFix("", 1000*(from+k), 1, 2)})
			}
		}
		note := nameTracks(rows, names)
		for i, a := range rows {
			if (a.Fix.TruckID == "") != (note == "") {
				t.Fatalf("row %d is of %q: %s", i, a.Fix.TruckID, note)
			}
			for _, b := range rows[:i] {
				if a.track == b.track && a.Fix.TruckID != b.Fix.TruckID {
					t.Fatalf("track %d is of %s and %s", a.track, a.Fix.TruckID, b.Fix.TruckID)
				}
			}
		}
		seen := map[string]span{}
		spans := spansOf(rows, tracks)
		for _, s := range spans {
			for id, other := range seen {
				if s.from < other.to && other.from < s.to && strings.HasPrefix(id, truckOf(rows, s.track)+"/") {
					t.Fatalf("truck %s is in tracks %d and %d", id, s.track, other.track)
				}
			}
			seen[fmt.Sprintf("%s/%d", truckOf(rows, s.track), s.track)] = s
		}
	})
}

func truckOf(rows []Row, track int) string {
	for _, r := range rows {
		if r.track == track {
			return r.Fix.TruckID
		}
	}
	return ""
}

func TestGPXAsPeopleHaveIt(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"decimal commas": {`<gpx><trkpt lat="51,9" lon="4,5"><ele>-2,5</ele><time>2026-03-01T07:00:01Z</time></trkpt></gpx>`, "2026-03-01T07:00:01"},
		"no times":       {`<gpx><trkpt lat="51.9" lon="4.5"/><trkpt lat="51.9" lon="4.6"/></gpx>`, "the point has no time\nthe point has no time"},
		"deep":           {"<gpx>" + strings.Repeat("<a>", 300), "the rest is not read, for 200 elements are within one another"},
		"huge":           {"<gpx><name>" + strings.Repeat("x", maxElement+1), errHuge.Error()},
		"an entity":      {`<!DOCTYPE gpx [<!ENTITY a "x">]><gpx><trkpt lat="&a;" lon="4"/></gpx>`, "the rest is not read, for this is not XML: invalid character entity &a;"},
	} {
		rows, _ := readText(t, "a.gpx", c.text, time.Time{})
		if got := said(rows); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if name == "decimal commas" && (rows[0].Fix.Lat != 51.9 || rows[0].Fix.Lon != 4.5 || rows[0].Fix.Alt != -2.5) {
			t.Errorf("%s: %+v", name, rows[0].Fix)
		}
	}
}

// Ten fixes a second by a clock of whole seconds are ten fixes.
func TestGPXOfACoarseClock(t *testing.T) {
	var b strings.Builder
	b.WriteString("<gpx><trk><trkseg>")
	for i := range 40 {
		fmt.Fprintf(
			&b,
			`<trkpt lat="51.9" lon="%.6f"><time>2026-03-01T07:00:%02dZ</time></trkpt>`,
			4+float64(i)*2e-5,
			i/10,
		)
	}
	rows, r := readText(t, "a.gpx", b.String()+"</trkseg></trk></gpx>", time.Time{})
	for i, row := range rows {
		if row.Err != nil || row.Fix.Time%4000 != int64(i)*100 {
			t.Errorf("row %d: %d, %v", i, row.Fix.Time, row.Err)
		}
	}
	if len(rows) != 40 || len(r.Notes()) != 1 || !strings.Contains(r.Notes()[0], "whole seconds only: 40 rows") {
		t.Errorf("%d rows, %q", len(rows), r.Notes())
	}
}
