package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fleet is a folder with a file that can be used in part, one without times, and a receiver's log that tells no date.
func fleet(t *testing.T) (dir string, paths map[string]string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "fleet")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	paths = map[string]string{}
	for name, text := range map[string]string{
		"good.csv": "t_ms,lat,lon\n1767225600000,52,4\n1767225601000,52,4.0001\n1767225601000,52,4.0001\nx,52,4\ny,52,4\n",
		"bad.gpx":  `<gpx><trk><trkseg><trkpt lat="52" lon="4"/><trkpt lat="52" lon="4.1"/></trkseg></trk></gpx>`,
		"log.nmea": "$GPGGA,100000,5200.0,N,00400.0,E,1,08,0.9,12.0,M,46.0,M,,\n$GPGGA,100001,5200.0,N,00400.01,E,1,08,0.9,12.0,M,46.0,M,,\n",
	} {
		paths[name] = filepath.Join(dir, name)
		if err := os.WriteFile(paths[name], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, paths
}

// The summary says of each file what became of its rows, once for each reason; what can't be used is one sentence, and
// the exit code.
func TestSmoothTellsWhatBecameOfTheRows(t *testing.T) {
	dir, paths := fleet(t)
	out := filepath.Join(t.TempDir(), "clean")
	good, bad, nmea := paths["good.csv"], paths["bad.gpx"], paths["log.nmea"]
	noTime := "trace " + bad + ": none of its 2 rows can be used: the point has no time"
	noDate := "trace " + nmea + ": none of its 2 rows can be used: no sentence tells the date: give that of the first row by --date YYYY-MM-DD"
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
		left string // in the folder of results
	}{
		"one that can be used": {
			[]string{good},
			0,
			[]string{"1 drives cleaned into " + out + ": 5 rows: 2 used, 1 duplicate, 0 late, 0 rejected, 2 refused", `  2 rows refused, first at line 5: t_ms "x" is not`},
			"fleet_good.csv",
		},
		"one that can't":        {[]string{bad}, 1, []string{"argos: " + noTime}, ""},
		"one that needs a date": {[]string{nmea}, 1, []string{"argos: " + noDate}, ""},
		"and is given it":       {[]string{nmea, "--date", "2026-03-02"}, 0, []string{"2 rows: 2 used", "no sentence has a checksum"}, "fleet_log.csv"},
		"a folder": {
			[]string{good, dir},
			1,
			[]string{"fleet_good: 5 rows: 2 used", noTime, noDate, "1 drives cleaned into", "argos: 2 of 3 files could not be used"},
			"fleet_good.csv",
		},
		"none that can": {[]string{dir}, 1, []string{noTime, noDate, "argos: 2 of 2 files could not be used"}, ""},
	} {
		if err := os.RemoveAll(out); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := runToEnd(t, append([]string{"smooth", "--out", out}, c.args...)...)
		if code != c.code {
			t.Errorf("%s: exit code %d\n%s", name, code, stderr)
		}
		for _, says := range c.says {
			if strings.Count(stderr, says) != 1 {
				t.Errorf("%s does not say %q once:\n%s", name, says, stderr)
			}
		}
		var left []string
		entries, _ := os.ReadDir(out)
		for _, e := range entries {
			left = append(left, e.Name())
		}
		if strings.Join(left, " ") != c.left {
			t.Errorf("%s: there are %v", name, left)
		}
	}
}

// Nothing is sent of recordings of which one has nothing to send.
func TestReplayRefusesWhatCannotBeUsed(t *testing.T) {
	_, paths := fleet(t)
	code, _, stderr := runToEnd(t, "replay", "--to", "ws://127.0.0.1:1", paths["good.csv"], paths["bad.gpx"])
	if code != 1 ||
		!strings.Contains(
			stderr,
			"argos: trace "+paths["bad.gpx"]+": none of its 2 rows can be used: the point has no time",
		) {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

func TestEvaluateGoesOnWithoutWhatCannotBeUsed(t *testing.T) {
	dir := measured(t, nil)
	bad := filepath.Join(filepath.Dir(dir), "bad")
	if err := os.MkdirAll(bad, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"fixes.csv": "t_ms,lat,lon\nx,1,1\n", "truth.csv": "t_ms,lat,lon\n1,1,1\n"} {
		if err := os.WriteFile(filepath.Join(bad, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, stdout, stderr := runToEnd(t, "evaluate", filepath.Dir(dir))
	if code != 1 || !strings.Contains(stderr, "none of its 1 rows can be used") ||
		!strings.Contains(stderr, "argos: 1 of 2 files could not be used") ||
		!strings.Contains(stdout, "smoothed") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
}

// One truth says nothing of two trucks.
func TestEvaluateRefusesSeveralTrucks(t *testing.T) {
	code, _, stderr := runToEnd(
		t,
		"evaluate",
		measured(t, map[string]string{"fixes.csv": "truck,t_ms,lat,lon\nA,1767225600000,52,4\nB,1767225600000,52,5\n"}),
	)
	if code != 1 || !strings.Contains(stderr, "has several trucks, A and B") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}
