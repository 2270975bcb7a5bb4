package track

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"testing"

	"argos"
)

// traces is the folder of recorded drives: $ARGOS_TRACES, else shared/traces beside one of the parent folders.
func traces(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("ARGOS_TRACES"); dir != "" {
		return dir
	}
	for dir, _ := os.Getwd(); ; dir = filepath.Dir(dir) {
		found := filepath.Join(dir, "shared", "traces")
		if _, err := os.Stat(found); err == nil {
			return found
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no recorded drives here: set ARGOS_TRACES to their folder")
		}
	}
}

// rows reads a CSV file by column name; a blank is NaN.
func rows(t testing.TB, file string) []map[string]float64 {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]float64
	for _, line := range all[1:] {
		row := map[string]float64{}
		for i, name := range all[0] {
			row[name] = math.NaN()
			if x, err := strconv.ParseFloat(line[i], 64); err == nil {
				row[name] = x
			}
		}
		out = append(out, row)
	}
	return out
}

func recordOf(row map[string]float64) argos.Record {
	r := argos.Record{Fix: argos.NewFix("T", int64(row["t_ms"]), row["lat"], row["lon"]), Recorded: true}
	r.Speed, r.Heading, r.HDOP, r.Valid = row["speed_mps"], row["course_deg"], row["hdop"], row["fix_q"] != 0
	return r
}

// truthAt interpolates the truth between rows at most 1.6 s apart, of fix_q 4 alone where that is said.
func truthAt(truth []map[string]float64, rtk bool, ms float64) (argos.LatLon, bool) {
	i := sort.Search(len(truth), func(i int) bool { return truth[i]["t_ms"] >= ms })
	if i < len(truth) && truth[i]["t_ms"] == ms && !(rtk && truth[i]["fix_q"] != 4) {
		return argos.LatLon{Lat: truth[i]["lat"], Lon: truth[i]["lon"]}, true
	}
	if i == 0 || i == len(truth) {
		return argos.LatLon{}, false
	}
	a, b := truth[i-1], truth[i]
	if b["t_ms"]-a["t_ms"] > 1600 || rtk && (a["fix_q"] != 4 || b["fix_q"] != 4) {
		return argos.LatLon{}, false
	}
	w := (ms - a["t_ms"]) / (b["t_ms"] - a["t_ms"])
	return argos.LatLon{Lat: a["lat"] + w*(b["lat"]-a["lat"]), Lon: a["lon"] + w*(b["lon"]-a["lon"])}, true
}

// metres is the distance between two places near each other, on a sphere.
func metres(a, b argos.LatLon) float64 {
	const rad = math.Pi / 180
	x := math.Remainder(b.Lon-a.Lon, 360) * rad * math.Cos((a.Lat+b.Lat)/2*rad)
	return 6371000 * math.Hypot(x, (b.Lat-a.Lat)*rad)
}

type summary struct{ mean, p95 float64 }

func summarise(errors []float64) summary {
	sort.Float64s(errors)
	sum := 0.0
	for _, e := range errors {
		sum += e
	}
	return summary{sum / float64(len(errors)), errors[len(errors)*95/100]}
}

// drive folds the clean fixes of a drive (thinned to one in every, each changed) and measures raw and document against the truth.
func drive(t testing.TB, dir string, every int, change ...func(*argos.Record)) (raw, clean summary, doc argos.Truck) {
	t.Helper()
	truth := rows(t, filepath.Join(dir, "truth.csv"))
	rtk := filepath.Base(filepath.Dir(dir)) == "beijing-phone-rtk"
	var tr Track
	var raws, cleans []float64
	latest := math.Inf(-1)
	for i, row := range rows(t, filepath.Join(dir, "fixes.csv")) {
		if i%every != 0 {
			continue
		}
		r := recordOf(row)
		for _, c := range change {
			c(&r)
		}
		tr.Fold(&r, argos.Pos{Next: int64(i) + 1})
		if !r.Valid || row["t_ms"] <= latest {
			continue
		}
		latest = row["t_ms"]
		if at, ok := truthAt(truth, rtk, row["t_ms"]); ok {
			tr.Fill(&doc)
			raws = append(raws, metres(at, argos.LatLon{Lat: r.Lat, Lon: r.Lon}))
			cleans = append(cleans, metres(at, argos.LatLon{Lat: doc.Lat, Lon: doc.Lon}))
		}
	}
	tr.Fill(&doc)
	return summarise(raws), summarise(cleans), doc
}

// sets are the recorded sets with truth, and the most that the document may be off on average, m; comma2k19's is 5 % above raw.
// A set's mean is that of its drives.
var sets = map[string]float64{
	"beijing-phone-rtk": 5.6, "gsdc-chipset-span": 1.42, "gsdc-wls-span": 2.95, "gsdc-wls-doppler": 2.2, "comma2k19-ublox": 2.169,
}

func TestRealDrives(t *testing.T) {
	for set, most := range sets {
		raw, clean := mean(t, set)
		t.Logf("%-20s raw %5.2f / %5.2f  clean %5.2f / %5.2f  (mean / p95, m)", set, raw.mean, raw.p95, clean.mean, clean.p95)
		if clean.mean > most {
			t.Errorf("%s: clean %.2f m, more than %.2f m", set, clean.mean, most)
		}
	}
}

// mean measures a set, each record changed.
func mean(t *testing.T, set string, change ...func(*argos.Record)) (raw, clean summary) {
	t.Helper()
	drives, _ := filepath.Glob(filepath.Join(traces(t), set, "*", "fixes.csv"))
	if len(drives) == 0 {
		t.Fatalf("no drives in %s", set)
	}
	n := float64(len(drives))
	for _, d := range drives {
		r, c, _ := drive(t, filepath.Dir(d), 1, change...)
		raw, clean = summary{raw.mean + r.mean/n, raw.p95 + r.p95/n}, summary{clean.mean + c.mean/n, clean.p95 + c.p95/n}
	}
	return raw, clean
}

// Receivers that tell less, or something else, are not made worse for it.
func TestDoesNoHarm(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		change        func(*argos.Record)
		share, metres float64 // more than raw
	}{
		"positions alone":         {func(r *argos.Record) { r.Speed, r.Heading, r.HDOP = nan, nan, nan }, 0.05, 0},
		"no course":               {func(r *argos.Record) { r.Heading = nan }, 0.05, 0},
		"no HDOP":                 {func(r *argos.Record) { r.HDOP = nan }, 0.05, 0},
		"HDOP that never changes": {func(r *argos.Record) { r.HDOP = 2.5 }, 0.05, 0},
		"accuracy of 5 m":         {func(r *argos.Record) { r.Accuracy = 5 }, 0.05, 0},
		"accuracy of nothing":     {func(r *argos.Record) { r.Accuracy = 0.001 }, 0.05, 0},
		"accuracy of 100 m":       {func(r *argos.Record) { r.Accuracy = 100 }, 0, 2.5},
		"speed in knots":          {func(r *argos.Record) { r.Speed /= 0.5144 }, 0, 1.5},
		"speed in miles an hour":  {func(r *argos.Record) { r.Speed /= 0.447 }, 0, 1.5},
		"speed of half":           {func(r *argos.Record) { r.Speed *= 0.5 }, 0, 1.5},
		"speed in km/h":           {func(r *argos.Record) { r.Speed *= 3.6 }, 0, 1.5},
	} {
		for _, set := range []string{"beijing-phone-rtk", "gsdc-chipset-span", "comma2k19-ublox"} {
			raw, clean := mean(t, set, c.change)
			t.Logf("%-24s %-20s raw %5.2f clean %5.2f", name, set, raw.mean, clean.mean)
			if clean.mean > (1+c.share)*raw.mean+c.metres {
				t.Errorf("%s of %s: raw %.2f m, clean %.2f m", name, set, raw.mean, clean.mean)
			}
		}
	}
}

// Thinned to one fix in ten or thirty seconds, each drive still moves with every fix, and stays as close to the truth.
func TestThinnedDrives(t *testing.T) {
	dir := traces(t)
	drives, _ := filepath.Glob(filepath.Join(dir, "*", "*", "truth.csv"))
	for _, d := range drives {
		for _, every := range []int{10, 30} {
			d := filepath.Dir(d)
			raw, clean, doc := drive(t, d, every)
			t.Logf("1 in %d of %-50s raw %5.2f / %5.2f  clean %5.2f / %5.2f  fixes %d rejected %d", every, filepath.Base(d), raw.mean, raw.p95, clean.mean, clean.p95, doc.Fixes, doc.Rejected)
			if clean.mean > 1.1*raw.mean || doc.Rejected > doc.Fixes/20 {
				t.Errorf("1 in %d of %s: raw %.2f m, clean %.2f m, %d of %d fixes rejected", every, d, raw.mean, clean.mean, doc.Rejected, doc.Rev)
			}
		}
	}
}

// Faults injected into the drives must not reach the documents.
func TestCorruptDrives(t *testing.T) {
	dir := traces(t)
	drives, _ := filepath.Glob(filepath.Join(dir, "*", "*", "faults.csv"))
	for _, d := range drives {
		jumps, untouched := corrupt(t, filepath.Dir(d))
		t.Logf("%-70s at the jumps %5.1f m, p95 of the untouched %5.1f m", filepath.Dir(d)[len(dir):], jumps, untouched)
		if jumps > 50 || untouched > 30 {
			t.Errorf("%s: %.1f m at the jumps, p95 %.1f m at the untouched fixes", d, jumps, untouched)
		}
	}
}
