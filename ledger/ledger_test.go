package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"argos/ledger"

	"pgregory.net/rapid"
)

func all(t testing.TB, path string) []ledger.Entry {
	t.Helper()
	var es []ledger.Entry
	if err := ledger.Read(path, func(e ledger.Entry) error { es = append(es, e); return nil }); err != nil {
		t.Fatal(err)
	}
	return es
}

var entries = rapid.Custom(func(t *rapid.T) ledger.Entry {
	return ledger.Entry{
		Run: rapid.String().Draw(t, "run"), TruckID: rapid.String().Draw(t, "truck"),
		Seq: rapid.Int64().Draw(t, "seq"), TS: rapid.Int64().Draw(t, "ts"),
		Lat: rapid.Float64Range(-90, 90).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon"),
		Outcome: rapid.SampledFrom([]ledger.Outcome{ledger.Acked, ledger.Refused, ledger.Unknown}).Draw(t, "outcome"),
	}
})

// TestRoundTrip also cuts the file anywhere, as a kill may: what was whole is still there, and appending goes on.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(dir, "ledger")
		want := rapid.SliceOfN(entries, 1, 8).Draw(t, "entries")
		more := entries.Draw(t, "more")
		w, err := ledger.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range want {
			if err := w.Write(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		defer os.Remove(path) //nolint:errcheck // the next case starts afresh
		number(want)
		cut := rapid.IntRange(0, len(content)).Draw(t, "cut")
		if err := os.WriteFile(path, content[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := strings.Count(string(content[:cut]), "\n")
		var got []ledger.Entry
		collect := func(e ledger.Entry) error { got = append(got, e); return nil }
		if err := ledger.Read(path, collect); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want[:whole]) {
			t.Fatalf("got %+v, want %+v", got, want[:whole])
		}
		if w, err = ledger.Open(path); err != nil {
			t.Fatal(err)
		}
		torn := cut - strings.LastIndex(string(content[:cut]), "\n") - 1
		if w.Repaired() != int64(torn) {
			t.Fatalf("repaired %d bytes, want %d", w.Repaired(), torn)
		}
		if err := errors.Join(w.Write(more), w.Close()); err != nil {
			t.Fatal(err)
		}
		got = nil
		if err := ledger.Read(path, collect); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, append(slices.Clone(want[:whole]), more)) {
			t.Fatalf("after the repair: %+v", got)
		}
	})
}

// number gives the entries of each run the numbers that Write does.
func number(es []ledger.Entry) {
	next := map[string]int64{}
	for i := range es {
		es[i].Line = next[es[i].Run]
		next[es[i].Run]++
	}
}

func TestDamageInTheMiddleIsAnError(t *testing.T) {
	good := `{"run":"r","line":0,"truck_id":"T-1","seq":1,"ts":2,"lat":1,"lon":2,"outcome":"acked"}`
	for _, line := range []string{
		"", "{", "[]", "null", "nonsense\x00",
		`{"run":"r","line":1,"truck_id":"T-1","seq":1,"ts":2,"lat":1,"lon":2}`,
		`{"run":"r","line":1,"truck_id":"T-1","seq":1,"ts":2,"lat":1,"lon":2,"result":"acked"}`,
		`{"run":"r","line":1,"truck_id":"T-1","seq":1.5,"ts":2,"lat":1,"lon":2,"outcome":"acked"}`,
		`{"run":"r","line":1,"truck_id":"T-1","seq":1,"ts":2,"lat":"1","lon":2,"outcome":"acked"}`,
		`{"run":"r","line":3,"truck_id":"T-1","seq":1,"ts":2,"lat":1,"lon":2,"outcome":"acked"}`, // two were taken out
		`{"run":"other","line":1,"truck_id":"T-1","seq":1,"ts":2,"lat":1,"lon":2,"outcome":"acked"}`,
		`{"run":"r","truck_id":"T-1","seq":1,"ts":2,"outcome":"acked"}`, // of an older argos
		`{"run":"r","line":1,"truck_id":7,"seq":1,"ts":2,"lat":1,"lon":2,"outcome":"acked"}`,
		`{"run":"r","line":1,"truck_id":"T-1","seq":1,"ts":2,"lat":1,"lon":2,"outcome":"lost"}`,
		strings.Repeat("x", 100_000),
	} {
		path := filepath.Join(t.TempDir(), "ledger")
		if err := os.WriteFile(path, []byte(good+"\n"+line+"\n"+good+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		seen := 0
		err := ledger.Read(path, func(ledger.Entry) error { seen++; return nil })
		if !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), "line 2") || seen != 1 {
			t.Errorf("line %.40q: %v after %d entries", line, err, seen)
		}
	}
}

// Reading goes on where it ended, and misses what has since been cut off, taken out or changed.
func TestReadOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	w, err := ledger.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(seq int64) {
		t.Helper()
		if err := errors.Join(
			w.Write(ledger.Entry{Run: "r", TruckID: "T-1", Seq: seq, Outcome: ledger.Acked}),
			w.Flush(),
		); err != nil {
			t.Fatal(err)
		}
	}
	var at ledger.Position
	read := func() (seqs []int64, err error) {
		err = ledger.ReadOn(path, &at, func(e ledger.Entry, offset int64) error {
			same, err := ledger.ReadAt(path, offset)
			if err != nil || same != e {
				t.Errorf("at byte %d: %+v, %v; want %+v", offset, same, err, e)
			}
			seqs = append(seqs, e.Seq)
			return nil
		})
		return seqs, err
	}
	for round := range int64(3) {
		write(2 * round)
		write(2*round + 1)
		if got, err := read(); err != nil || !slices.Equal(got, []int64{2 * round, 2*round + 1}) {
			t.Fatalf("round %d: %v, %v", round, got, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	for name, content := range map[string]string{
		"cut off":   strings.Join(lines[:5], ""),
		"taken out": strings.Join(append(slices.Clone(lines[:3]), lines[4:]...), "") + lines[5],
		"changed":   strings.Replace(string(whole), `"seq":1,`, `"seq":9,`, 1),
		"empty":     "",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := read(); !errors.Is(err, ledger.ErrOther) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadStopsWhenTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	w, err := ledger.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := w.Write(ledger.Entry{Run: "r", TruckID: "T-1", Seq: int64(i), Outcome: ledger.Acked}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	stop, seen := errors.New("enough"), 0
	if err := ledger.Read(
		path,
		func(ledger.Entry) error { seen++; return stop },
	); !errors.Is(err, stop) ||
		seen != 1 {
		t.Errorf("%v after %d", err, seen)
	}
}

func TestWritersShareALedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	w, err := ledger.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 4, 2000
	var wg sync.WaitGroup
	for g := range writers {
		wg.Go(func() {
			for i := range each {
				if err := w.Write(
					ledger.Entry{Run: "r", TruckID: "T", Seq: int64(g*each + i), Outcome: ledger.Acked},
				); err != nil {
					t.Error(err)
				}
				if i%100 == 0 {
					if err := w.Flush(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if err := w.Flush(); err != nil { // what is flushed is there for a reader, before any Close
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for _, e := range all(t, path) {
		seen[e.Seq] = true
	}
	if len(seen) != writers*each {
		t.Errorf("%d entries, want %d", len(seen), writers*each)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestMissingAndUnwritable(t *testing.T) {
	dir := t.TempDir()
	if err := ledger.Read(filepath.Join(dir, "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := ledger.Open(filepath.Join(dir, "no", "such", "folder")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func BenchmarkWrite(b *testing.B) {
	w, err := ledger.Open(filepath.Join(b.TempDir(), "ledger"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := range b.N {
		if err := w.Write(
			ledger.Entry{Run: "run-1", TruckID: "T-00001", Seq: int64(i), TS: 1700000000123, Outcome: ledger.Acked},
		); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "ledger")
	w, err := ledger.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		if err := w.Write(
			ledger.Entry{Run: "run-1", TruckID: "T-00001", Seq: int64(i), TS: 1700000000123, Outcome: ledger.Acked},
		); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := ledger.Read(path, func(ledger.Entry) error { return nil }); err != nil {
		b.Fatal(err)
	}
}
