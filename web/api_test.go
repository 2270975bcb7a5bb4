package web

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"argos"
)

func TestDocument(t *testing.T) {
	s := serve(t)
	before := time.Now().UnixMilli()
	s.put(t, driven("T-17", 3), unplaced("new"))
	want := driven("T-17", 3)

	var got map[string]any
	s.getJSON(t, "/v1/trucks/T-17?track=1", &got)
	updated, err := time.Parse("2006-01-02T15:04:05.000Z", fmt.Sprint(got["updated"]))
	if err != nil || updated.UnixMilli() < before {
		t.Errorf("updated is %v, want the time of writing", got["updated"])
	}
	delete(got, "updated")
	wanted := map[string]any{
		"_id": "T-17", "time": rfc3339(want.Time), "recv": rfc3339(want.Recv),
		"location": map[string]any{"type": "Point", "coordinates": seven(want.Lon, want.Lat)},
		"raw":      map[string]any{"type": "Point", "coordinates": seven(want.Raw.Lon, want.Raw.Lat)},
		"speed":    13.2, "heading": 271.5, "accuracy": 1.75, "status": "moving",
		"fixes": 3., "duplicates": 0., "late": 0., "rejected": 0., "attrs": map[string]any{"driver": "J"},
		"_argos": map[string]any{
			"rev":   3.,
			"pos":   map[string]any{"epoch": 1., "partition": 2., "offset": 3.},
			"track": "AQID",
		},
	}
	if g, w := fmt.Sprint(got), fmt.Sprint(wanted); g != w {
		t.Errorf("the document is\n%s, want\n%s", g, w)
	}

	got = nil
	s.getJSON(t, "/v1/trucks/new", &got)
	for _, field := range []string{"speed", "heading", "accuracy"} {
		if v, there := got[field]; v != nil || !there {
			t.Errorf("%s of a truck without an accepted fix is %v, want null", field, v)
		}
	}
	for _, field := range []string{"location", "time", "attrs"} {
		if v, there := got[field]; there {
			t.Errorf("%s of a truck without an accepted fix is %v, want nothing", field, v)
		}
	}
	if _, there := got["_argos"].(map[string]any)["track"]; there {
		t.Error("the packed track is there without having been asked for")
	}
}

func TestList(t *testing.T) {
	s := serve(t)
	a, b, c := driven("a", 1), driven("b", 1), driven("c", 1)
	a.Lat, a.Lon, b.Lat, b.Lon, c.Lat, c.Lon = 10, 20, -17, 179.5, -17, -179.5
	s.put(t, a, b, c, unplaced("d"))
	for _, x := range []struct {
		query     string
		want      []string
		truncated bool
	}{
		{"", []string{"a", "b", "c", "d"}, false},
		{"?limit=4", []string{"a", "b", "c", "d"}, false},
		{"?limit=2", []string{"a", "b"}, true},
		{"?bbox=-180,-90,180,90", []string{"a", "b", "c"}, false},
		{"?bbox=-180,-90,180,90&limit=1", []string{"a"}, true},
		{"?bbox=20,10,20,10", []string{"a"}, false},
		{"?bbox=179,-18,-179,-16", []string{"b", "c"}, false},
		{"?bbox=0,0,1,1", []string{}, false},
	} {
		var got struct {
			Trucks []struct {
				ID string `json:"_id"`
			}
			Truncated *bool
		}
		s.getJSON(t, "/v1/trucks"+x.query, &got)
		ids := []string{}
		for _, d := range got.Trucks {
			ids = append(ids, d.ID)
		}
		if got.Trucks == nil || !slices.Equal(ids, x.want) || got.Truncated == nil || *got.Truncated != x.truncated {
			t.Errorf("%q answers %v, truncated %v, want %v, %v", x.query, ids, got.Truncated, x.want, x.truncated)
		}
	}
}

func TestRefusals(t *testing.T) {
	s := serve(t)
	s.put(t, driven("T-17", 1))
	for path, want := range map[string]struct {
		code int
		says string
	}{
		"/v1/trucks/none":                       {404, "no such truck"},
		"/v1/trucks/none/trail":                 {404, "no such truck"},
		"/v1/trucks/none/track.svg":             {404, "no such truck"},
		"/v1/trucks/a%20b":                      {400, "no truck id"},
		"/v1/trucks/%3Cscript%3E":               {400, "no truck id"},
		"/v1/trucks/a%2Fb":                      {400, "no truck id"},
		"/v1/trucks/" + strings.Repeat("x", 65): {400, "no truck id"},
		"/v1/trucks/T-17?track=yes":             {400, "track="},
		"/v1/trucks/T-17?trck=1":                {400, `"trck"`},
		"/v1/trucks/T-17/track.svg?dark=x":      {400, "dark="},
		"/v1/trucks/T-17/trail?x=1":             {400, `"x"`},
		"/v1/trucks?bobx=1,2,3,4":               {400, `"bobx"`},
		"/v1/trucks?bbox=1,2,3":                 {400, "3 values"},
		"/v1/trucks?bbox=":                      {400, "1 values"},
		"/v1/trucks?bbox=1,2,3,4,5":             {400, "5 values"},
		"/v1/trucks?bbox=a,2,3,4":               {400, "not a number"},
		"/v1/trucks?bbox=NaN,2,3,4":             {400, "not a number"},
		"/v1/trucks?bbox=1,2,Inf,4":             {400, "not a number"},
		"/v1/trucks?bbox=1,2,1e999,4":           {400, "not a number"},
		"/v1/trucks?bbox=1,5,2,4":               {400, "in this order"},
		"/v1/trucks?bbox=1,2,3,91":              {400, "-90 to 90"},
		"/v1/trucks?bbox=-181,2,3,4":            {400, "-180 to 180"},
		"/v1/trucks?bbox=1,2,3,4&bbox=1,2,3,4":  {400, "2 times"},
		"/v1/trucks?limit=0":                    {400, "limit="},
		"/v1/trucks?limit=10001":                {400, "limit="},
		"/v1/trucks?limit=ten":                  {400, "limit="},
		"/v1/trucks?limit=%zz":                  {400, "not URL-encoded"},
		"/?tuck=T-17":                           {400, `"tuck"`},
		"/nowhere":                              {404, "nothing at this address"},
		"/assets/server.go":                     {404, "nothing at this address"},
		"/assets/":                              {404, "nothing at this address"},
		"/v1/trucks/":                           {404, "nothing at this address"},
	} {
		code, body := s.get(t, path)
		var answer map[string]string
		err := json.Unmarshal([]byte(body), &answer)
		if code != want.code || err != nil || len(answer) != 1 || !strings.Contains(answer["error"], want.says) {
			t.Errorf("%s: %d %s, want %d and an error with %q", path, code, body, want.code, want.says)
		}
	}
}

func TestOnlyReads(t *testing.T) {
	s := serve(t)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		r, err := http.NewRequest(method, s.url+"/v1/trucks", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusMethodNotAllowed || answer.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, allowed %q", method, answer.StatusCode, answer.Header.Get("Allow"))
		}
	}
	head, err := http.Head(s.url + "/v1/trucks")
	if err != nil || head.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %v, error %v", head, err)
	}
}

func TestHealth(t *testing.T) {
	s := serve(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, body := s.get(t, path); code != http.StatusOK {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	if code, body := s.get(t, "/healthz"); code != http.StatusOK {
		t.Errorf("healthz without a store: %d %s", code, body)
	}
	for path, want := range map[string]int{"/readyz": 503, "/v1/trucks": 503, "/v1/trucks/T-17": 503, "/": 503} {
		if code, body := s.get(t, path); code != want || !strings.Contains(body, `{"error":"the store`) {
			t.Errorf("%s without a store: %d %s, want %d", path, code, body, want)
		}
	}
}

// A box that is written out is read as the same box, and whatever else is written is refused as the client's mistake.
func TestParseBox(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		lon, lat := rapid.Float64Range(-180, 180), rapid.Float64Range(-90, 90)
		a, b := lat.Draw(rt, "a"), lat.Draw(rt, "b")
		want := argos.Box{West: lon.Draw(rt, "west"), East: lon.Draw(rt, "east"), South: min(a, b), North: max(a, b)}
		query := url.Values{"bbox": {fmt.Sprintf("%v,%v,%v,%v", want.West, want.South, want.East, want.North)}}.Encode()
		got, limit, err := parseList(query)
		if err != nil || limit != defaultLimit || got == nil || *got != want {
			rt.Fatalf("%s became %v, %d, error %v, want %+v", query, got, limit, err, want)
		}
	})
}

func FuzzParseList(f *testing.F) {
	for _, seed := range []string{
		"", "bbox=1,2,3,4", "bbox=179,-1,-179,1&limit=5", "bbox=NaN,2,3,4", "bbox=1,2,3", "limit=-1", "bbox=1;2", "%zz", "bbox=0x1p2,1,2,3",
		"bbox=1e400,0,0,0", "bbox=%20", "limit=1&limit=2", "a=b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		box, limit, err := parseList(query)
		if err != nil {
			//nolint:errorlint // it must be one itself, for the client to be told
			if e, ok := err.(failure); !ok || e.code != http.StatusBadRequest || e.sentence == "" {
				t.Fatalf("error %v is not one to tell a client", err)
			}
			return
		}
		if limit < 1 || limit > maxLimit {
			t.Fatalf("limit %d", limit)
		}
		if box != nil && box.Check() != nil {
			t.Fatalf("box %+v: %v", *box, box.Check())
		}
	})
}

// A position is a centimetre or less from what is stored, and no longer than that needs.
func TestSevenDecimals(t *testing.T) {
	for x, want := range map[float64]string{
		4.48: "4.48", 11.999999999999998: "12", -0.00000004: "0", 1e-7: "0.0000001", -179.98765432109: "-179.9876543",
	} {
		if b, err := json.Marshal(degrees(x)); err != nil || string(b) != want {
			t.Errorf("%v became %s, error %v, want %s", x, b, err, want)
		}
	}
}

// seven are coordinates as the API shows them.
func seven(coordinates ...float64) (shown []any) {
	for _, x := range coordinates {
		shown = append(shown, math.Round(x*1e7)/1e7)
	}
	return shown
}

func rfc3339(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

func TestNumbersAreJSON(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := rapid.Float64().Draw(rt, "x")
		b, err := json.Marshal(number(x))
		if err != nil {
			rt.Fatal(err)
		}
		var back *float64
		if err := json.Unmarshal(b, &back); err != nil || math.IsInf(x, 0) != (back == nil) ||
			back != nil && *back != x {
			rt.Fatalf("%v became %s, error %v", x, b, err)
		}
	})
	if b, err := json.Marshal(number(math.NaN())); err != nil || string(b) != "null" {
		t.Errorf("NaN became %s, error %v", b, err)
	}
}

// A document that another program has damaged shows as it can, and hides no other.
func TestForeignAttrs(t *testing.T) {
	s := serve(t)
	broken := driven("a", 1)
	broken.Attrs = []byte(`{"half`)
	s.put(t, broken, driven("b", 1))
	var got struct{ Trucks []map[string]any }
	s.getJSON(t, "/v1/trucks", &got)
	if len(got.Trucks) != 2 || got.Trucks[0]["attrs"] != `{"half` {
		t.Errorf("the list is %v", got.Trucks)
	}
}
