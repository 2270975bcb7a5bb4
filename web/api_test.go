package web

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"argos"
)

func TestTruck(t *testing.T) {
	s := serve(t)
	d := driven("T-17", 41)
	s.put(t, d, unplaced("T-18"))
	var got map[string]any
	s.getJSON(t, "/v1/trucks/T-17", &got)
	for name, want := range map[string]any{
		"_id": "T-17", "rev": 41.0, "time": float64(d.Time), "recv": float64(d.Recv), "lat": d.Lat, "lon": d.Lon,
		"speed": 13.2, "heading": 271.5, "accuracy": 1.75, "status": "moving",
		"fixes": 41.0, "duplicates": 0.0, "late": 0.0, "rejected": 0.0,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if pos := got["pos"].(map[string]any); pos["epoch"] != 1.0 || pos["partition"] != 2.0 || pos["offset"] != 41.0 {
		t.Errorf("pos is %v", pos)
	}
	if attrs := got["attrs"].(map[string]any); attrs["driver"] != "J" {
		t.Errorf("attrs are %v", attrs)
	}
	if raw := got["raw"].(map[string]any); raw["lat"] != d.Raw.Lat || raw["lon"] != d.Raw.Lon {
		t.Errorf("raw is %v", raw)
	}
	if _, there := got["track"]; there {
		t.Error("the packed state is there though nobody asked")
	}
	if s.getJSON(t, "/v1/trucks/T-17?track=1", &got); got["track"] != "AQID" {
		t.Errorf("track is %v", got["track"])
	}
	got = nil
	if s.getJSON(t, "/v1/trucks/T-18", &got); got["lat"] != nil || got["heading"] != nil || got["attrs"] != nil || got["status"] != "tentative" {
		t.Errorf("a truck without a position is %v", got)
	}
}

func TestTrucksInBox(t *testing.T) {
	s := serve(t)
	at := func(id string, lat, lon float64) argos.Truck {
		d := driven(id, 1)
		d.Lat, d.Lon = lat, lon
		return d
	}
	s.put(t, at("berlin", 52.5, 13.4), at("fiji", -17.7, 178), at("munich", 48.1, 11.6), at("samoa", -13.8, -172), unplaced("unplaced"))
	for query, want := range map[string]string{
		"":                               "berlin fiji munich samoa unplaced",
		"?limit=2":                       "berlin fiji +",
		"?bbox=11,48,12,49":              "munich",
		"?bbox=-180,-90,180,90":          "berlin fiji munich samoa",
		"?bbox=170,-20,-170,0":           "fiji samoa",
		"?bbox=170,-20,-170,0&limit=1":   "fiji +",
		"?bbox=0,0,1,1":                  "",
		"?bbox=13.4,52.5,13.4,52.5":      "berlin",
		"?limit=4&bbox=-180,-90,180,9e1": "berlin fiji munich samoa",
	} {
		var got struct {
			Trucks []struct {
				ID string `json:"_id"`
			}
			Truncated bool
		}
		s.getJSON(t, "/v1/trucks"+query, &got)
		var names []string
		for _, x := range got.Trucks {
			names = append(names, x.ID)
		}
		if got.Truncated {
			names = append(names, "+")
		}
		if have := strings.Join(names, " "); have != want {
			t.Errorf("%q answers %q, want %q", query, have, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	s := serve(t)
	s.put(t, driven("T-17", 1))
	for path, c := range map[string]struct {
		code int
		says string
	}{
		"/v1/trucks/nobody":              {404, "no such truck"},
		"/v1/trucks/a%20b":               {400, "no truck id"},
		"/v1/trucks/" + longID:           {400, "no truck id"},
		"/v1/trucks/T-17?track=2":        {400, "track"},
		"/v1/trucks/T-17?trak=1":         {400, "trak"},
		"/v1/trucks?bbox=1,2,3":          {400, "3 values"},
		"/v1/trucks?bbox=a,2,3,4":        {400, "not a number"},
		"/v1/trucks?bbox=NaN,2,3,4":      {400, "not a number"},
		"/v1/trucks?bbox=1,2,Inf,4":      {400, "not a number"},
		"/v1/trucks?bbox=1,4,3,2":        {400, "south 4"},
		"/v1/trucks?bbox=-181,2,3,4":     {400, "-181"},
		"/v1/trucks?bbox=1,2,3,91":       {400, "91"},
		"/v1/trucks?box=1,2,3,4":         {400, `"box" is not known`},
		"/v1/trucks?limit=0":             {400, "limit"},
		"/v1/trucks?limit=1e3":           {400, "limit"},
		"/v1/trucks?limit=1&limit=2":     {400, "given 2 times"},
		"/v1/trucks?bbox=%zz":            {400, "URL"},
		"/v1/nothing":                    {404, ""},
		"/v1/trucks/nobody/trail":        {404, "no such truck"},
		"/v1/trucks/nobody/track.svg":    {404, "no such truck"},
		"/v1/trucks/T-17/track.svg?x=1":  {400, "x"},
		"/v1/trucks/T-17/trail?dark=yes": {400, "dark"},
	} {
		code, body := s.get(t, path)
		var answer struct{ Error string }
		if err := json.Unmarshal([]byte(body), &answer); code != c.code || err != nil || answer.Error == "" || !strings.Contains(answer.Error, c.says) {
			t.Errorf("%s answers %d %s, want %d and %q", path, code, body, c.code, c.says)
		}
	}
	res, err := http.Post(s.url+"/v1/trucks/T-17", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST answers %d", res.StatusCode)
	}
}

var longID = strings.Repeat("x", 65)

// The trail follows the store's changes: each revision that it sees is there once, in order.
func TestTrailAndPicture(t *testing.T) {
	s := serve(t)
	const n = 5
	for rev := range int64(n) {
		s.put(t, driven("T-17", rev+1))
		until(t, "the trail has the revision", func() bool {
			d := driven("T-17", rev+1)
			points := s.watch.trails.of(&d)
			return len(points) > 0 && points[len(points)-1].time == d.Time
		})
	}
	var got struct {
		Points []struct{ Time int64 }
	}
	s.getJSON(t, "/v1/trucks/T-17/trail", &got)
	last := int64(0)
	for _, p := range got.Points {
		if p.Time <= last {
			t.Errorf("the trail goes from %d to %d", last, p.Time)
		}
		last = p.Time
	}
	if len(got.Points) != n {
		t.Errorf("%d points, want %d", len(got.Points), n)
	}
	s.put(t, unplaced("T-18"))
	for _, path := range []string{"/v1/trucks/T-17/track.svg", "/v1/trucks/T-17/track.svg?dark=1", "/v1/trucks/T-18/track.svg"} {
		if code, svg := s.get(t, path); code != http.StatusOK || !strings.Contains(svg, "<svg") || strings.Contains(svg, "NaN") {
			t.Errorf("%s: %d, %.200s", path, code, svg)
		}
	}
}

func TestPageEscapes(t *testing.T) {
	s := serve(t)
	s.put(t, fleet(250)...)
	code, page := s.get(t, "/?truck=%3Cscript%3Ealert(1)%3C/script%3E")
	if strings.Contains(page, "<script>alert") || code == http.StatusInternalServerError {
		t.Errorf("%d: a script comes back alive", code)
	}
	if n := strings.Count(page, `<td><a href="/?truck=truck-`); n == 0 || n > 200 {
		t.Errorf("%d trucks are listed", n)
	}
}

func TestHealth(t *testing.T) {
	s := serve(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, _ := s.get(t, path); code != http.StatusOK {
			t.Errorf("%s answers %d", path, code)
		}
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	if code, body := s.get(t, "/readyz"); code != http.StatusServiceUnavailable || body == "" {
		t.Errorf("without a store /readyz answers %d %s", code, body)
	}
}

func FuzzParseList(f *testing.F) {
	for _, q := range []string{"", "bbox=1,2,3,4", "bbox=170,-20,-170,0&limit=5", "bbox=NaN,,,", "limit=-1", "%zz", "bbox=1,2,3,4&bbox=1,2,3,4"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		box, limit, err := parseList(raw)
		if err != nil {
			return
		}
		if limit < 1 || limit > maxLimit {
			t.Fatalf("%q: limit %d", raw, limit)
		}
		if box != nil && (box.Check() != nil || math.IsInf(box.West, 0)) {
			t.Fatalf("%q: %v", raw, *box)
		}
	})
}

func BenchmarkGetTruck(b *testing.B) {
	s := serve(b)
	s.put(b, fleet(10_000)...)
	took := make([]time.Duration, 0, 1<<16)
	for b.Loop() {
		start := time.Now()
		if code, body := s.get(b, "/v1/trucks/truck-05000"); code != http.StatusOK {
			b.Fatal(code, body)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
