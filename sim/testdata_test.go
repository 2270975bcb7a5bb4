package sim

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"argos"
	"argos/io/traceio"
	"argos/truth"
)

var update = flag.Bool("update", false, "make the drives in testdata/simulated again")

// simulated are the drives in testdata: one truck each, so many fixes in the order of their arrival.
var simulated = []struct {
	name  string
	rows  int
	cfg   Config
	check func(r *Receiver) bool // what the seed was chosen for
}{
	{"calm", 400, Config{Seed: 16, NoFaults: true}, both},
	{"faulty", 700, Config{Seed: 982}, both},
	{"positions", 400, Config{Seed: 2618}, func(r *Receiver) bool { return !r.Speed && r.Accuracy == NoClaim }},
	{"sparse", 300, Config{Seed: 286, RateHz: 0.1}, modest},
}

func both(r *Receiver) bool { return r.Course && r.Accuracy == Honest }

func modest(r *Receiver) bool { return r.Course && r.Accuracy == NoClaim }

// TestTestdata: the drives in testdata are what the simulator makes today, byte for byte, and read as what it made.
func TestTestdata(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("made on amd64: other processors multiply and add in one step, and round otherwise")
	}
	for _, c := range simulated {
		t.Run(c.name, func(t *testing.T) {
			c.cfg.Start = start
			f := New(c.cfg)
			if !c.check(&f.trucks[0].receiver) {
				t.Error("the seed makes another kind of receiver")
			}
			var fixes, known bytes.Buffer
			w, err := traceio.NewWriter(&fixes)
			if err != nil {
				t.Fatal(err)
			}
			var made []argos.Fix
			for range c.rows {
				fix, _ := f.Next()
				made = append(made, fix)
				if err := w.Write(&fix); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			track := f.Truth("T-00001")
			if err := traceio.WriteTruth(&known, track); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join("..", "testdata", "simulated", c.name)
			if *update {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			golden(t, filepath.Join(dir, traceio.FixesFile), fixes.Bytes())
			golden(t, filepath.Join(dir, traceio.TruthFile), known.Bytes())
			readsBack(t, dir, made, track)
		})
	}
}

func golden(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the simulator makes: go test ./sim -update, and look at the difference", path)
	}
}

func readsBack(t *testing.T, dir string, made []argos.Fix, track truth.Track) {
	t.Helper()
	drives, err := traceio.Find([]string{dir}, traceio.FixesFile)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := traceio.Read(drives[0])
	if err != nil {
		t.Fatal(err)
	}
	known, err := traceio.Truth(drives[0])
	if err != nil {
		t.Fatal(err)
	}
	var score truth.Score
	for i, r := range rows {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		want := made[i]
		want.ForgetUnknown()
		want.TruckID, want.Seq = r.Fix.TruckID, r.Fix.Seq
		if !same(r.Fix, want) {
			t.Fatalf("row %d: %+v, made %+v", i, r.Fix, want)
		}
		at, ok := known.At(r.Fix.Time)
		score.Add(&r.Fix, argos.LatLon{Lat: r.Fix.Lat, Lon: r.Fix.Lon}, at, ok)
	}
	if len(known) != len(track) || score.Raw.N() < len(rows)*8/10 {
		t.Errorf("%d rows of truth of %d, %d fixes of %d have one", len(known), len(track), score.Raw.N(), len(rows))
	}
	t.Logf("%s: raw mean %.2f m, p95 %.2f m", drives[0].Name, score.Raw.Mean(), score.Raw.P95())
}
