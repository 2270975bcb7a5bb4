package web

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"argos"
)

func TestPage(t *testing.T) {
	s := serve(t)
	code, page := s.get(t, "/")
	if code != http.StatusOK || !strings.Contains(page, "No truck has been heard of yet") || !strings.Contains(page, "argos simulate") {
		t.Errorf("without trucks the page does not say what to do: %d %s", code, page)
	}
	s.put(t, driven("only", 1))
	if _, page = s.get(t, "/"); !strings.Contains(page, "/v1/trucks/only/track.svg") {
		t.Errorf("the only truck is not shown: %s", page)
	}
	if _, page = s.get(t, "/?truck=nobody"); !strings.Contains(page, "No truck of this name has been heard of") {
		t.Errorf("a truck that is not there is not said to be missing: %s", page)
	}
}

func TestPageOfManyTrucks(t *testing.T) {
	s := serve(t)
	const n = 2*maxListed + 50
	s.put(t, fleet(n)...)
	until(t, "all are counted", func() bool { return s.watch.totals(t.Context()).Trucks == n })
	row := regexp.MustCompile(`<td><a href="[^"]*">(truck-\d+)</a>`)
	next := regexp.MustCompile(`<a href="(/\?after=[^"]*)">next`)
	var seen []string
	for path, pages := "/", 0; path != ""; pages++ {
		_, page := s.get(t, path)
		rows := row.FindAllStringSubmatch(page, -1)
		if len(rows) > maxListed || pages > n {
			t.Fatalf("%s lists %d trucks", path, len(rows))
		}
		if more := fmt.Sprintf("%d of %d trucks; %d more", len(rows), n, n-len(rows)); !strings.Contains(page, more) {
			t.Errorf("%s does not say %q", path, more)
		}
		for _, r := range rows {
			seen = append(seen, r[1])
		}
		path = ""
		if m := next.FindStringSubmatch(page); m != nil {
			path = m[1]
		}
	}
	if len(seen) != n || !slices.IsSorted(seen) || len(slices.Compact(seen)) != n {
		t.Errorf("the pages list %d trucks", len(seen))
	}
}

// The store may hold ids that no gateway would let in.
func TestPageEscapes(t *testing.T) {
	s := serve(t)
	evil := driven(`"><script>alert(1)</script>`, 1)
	s.put(t, evil)
	for _, path := range []string{"/", "/?truck=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "/?truck=%3Cscript%3Ex"} {
		if code, page := s.get(t, path); code != http.StatusOK || strings.Contains(page, "<script>") {
			t.Errorf("%s: %d, script in %s", path, code, page)
		}
	}
	var svg strings.Builder
	if err := drawTrack(&svg, evil.ID, nil, light); err != nil || strings.Contains(svg.String(), "<script>") {
		t.Errorf("script in the picture, or error %v", err)
	}
}

func TestPageAllowsNothingForeign(t *testing.T) {
	s := serve(t)
	r, err := http.Get(s.url + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("the security policy is %q", csp)
	}
	for _, path := range []string{"/", "/assets/page.css", "/assets/page.js"} {
		if code, body := s.get(t, path); code != http.StatusOK || strings.Contains(body, "//fonts") || strings.Contains(body, `="http`) {
			t.Errorf("%s: %d, or it asks another server", path, code)
		}
	}
}

func TestAge(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 s", 0: "0 s", 59 * time.Second: "59 s", 3 * time.Minute: "3 min", 5 * time.Hour: "5 h", 72 * time.Hour: "3 d",
	} {
		if got := (view{now: now}).Age(now.Add(-d).UnixMilli()); got != want {
			t.Errorf("the age of %v is %q, want %q", d, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1\u202f000", 1234567: "1\u202f234\u202f567", -1000: "-1\u202f000", -100: "-100"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

// BenchmarkLookup asks for one truck of 10,000 through the handler, over a loopback socket.
func BenchmarkLookup(b *testing.B) {
	s := serve(b)
	s.put(b, fleet(10_000)...)
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		if code, body := s.get(b, fmt.Sprintf("/v1/trucks/truck-%05d", rand.IntN(10_000))); code != http.StatusOK {
			b.Fatal(code, body)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkPicture draws a full trail.
func BenchmarkPicture(b *testing.B) {
	points := make([]point, 0, maxPoints)
	for rev := range int64(maxPoints) {
		x := driven("T-17", rev+1)
		points = append(points, point{x.Time, x.Raw, argos.LatLon{Lat: x.Lat, Lon: x.Lon}, x.Status})
	}
	var svg strings.Builder
	for b.Loop() {
		svg.Reset()
		if err := drawTrack(&svg, "T-17", points, light); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(svg.Len()), "bytes")
}
