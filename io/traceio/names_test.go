package traceio

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"argos"
)

// However a vehicle is called, its id is one, its own, and always the same.
func TestNamesAreMadeSafeWithoutClashes(t *testing.T) {
	names := rapid.OneOf(
		rapid.String(),
		rapid.StringMatching(`[A-Z ./@-]{1,4}`),
		rapid.StringMatching(`[京沪АЕ][A-Z]-?[0-9]{2}`),
		rapid.StringN(60, 90, -1),
	)
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(names, 2, 50).Draw(t, "names")
		ids := map[string]string{}
		for _, name := range all {
			id := safeID(name)
			name = strings.TrimSpace(name)
			if name == "" {
				if id != "" {
					t.Fatalf("nobody is %q", id)
				}
				continue
			}
			if err := argos.CheckTruckID(id); err != nil {
				t.Fatalf("%q became %q: %v", name, id, err)
			}
			if argos.CheckTruckID(name) == nil && id != name {
				t.Fatalf("%q is an id, and became %q", name, id)
			}
			if other, taken := ids[id]; taken && other != name {
				t.Fatalf("%q and %q are both %q", name, other, id)
			}
			ids[id] = name
		}
	})
}

// These stand in results of earlier runs: they may not change.
func TestMadeNamesStay(t *testing.T) {
	for name, want := range map[string]string{
		"AB 12/7":                  "AB-12-7-2a7d19b4d8",
		"AB-12-7":                  "AB-12-7",
		"京A12345":                  "A12345-4d8c08490f",
		"沪A12345":                  "A12345-7244dac115",
		"京沪":                       safeID("京沪"),
		"driver@example.org":       "driver-example.org-" + safeID("driver@example.org")[len("driver-example.org-"):],
		strings.Repeat("long", 20): strings.Repeat("long", 13) + "l-" + safeID(strings.Repeat("long", 20))[54:],
	} {
		if got := safeID(name); got != want || len(got) > argos.MaxTruckID {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
	if id := safeID("京沪"); len(id) != 10 {
		t.Errorf("a name of no letters that an id can have is %q", id)
	}
}

// Six vehicles, pairs of which read alike once what an id cannot have is gone, stay six, and the user is told who is
// who.
func TestVehiclesAreNeverMerged(t *testing.T) {
	vehicles := []string{"京A1", "沪A1", "АВ77", "ЕК77", "A B/1", "A-B-1", "a@b", "a b"}
	var text strings.Builder
	text.WriteString("vehicle,time,lat,lon\n")
	for i := range 3 {
		for j, v := range vehicles {
			fmt.Fprintf(&text, "%s,%d,%d,4.25\n", v, 1_773_396_000+i, 40+j)
		}
	}
	rows, notes, err := readAll(driveOf(t, "a.csv", text.String()))
	if err != nil {
		t.Fatal(err)
	}
	lats := map[string]map[float64]bool{}
	for _, r := range rows {
		if lats[r.Fix.TruckID] == nil {
			lats[r.Fix.TruckID] = map[float64]bool{}
		}
		lats[r.Fix.TruckID][r.Fix.Lat] = true
		v := vehicles[int(r.Fix.Lat)-40]
		if want := fmt.Sprintf(`{"name":%q}`, v); v != "A-B-1" && string(r.Fix.Attrs) != want {
			t.Errorf("%q has attrs %s", v, r.Fix.Attrs)
		}
		if said := fmt.Sprintf("%q is %s", v, r.Fix.TruckID); v != "A-B-1" && !strings.Contains(notes, said) {
			t.Errorf("%s\ndoes not say that %s", notes, said)
		}
	}
	if len(lats) != len(vehicles) {
		t.Errorf("%d tracks of %d vehicles", len(lats), len(vehicles))
	}
	for id, at := range lats {
		if len(at) != 1 {
			t.Errorf("%s is of %d vehicles", id, len(at))
		}
	}
}

// Two files whose names differ only in what an id cannot have are two drives.
func TestFilesAreNeverMerged(t *testing.T) {
	a, b := driveOf(t, "京 1.csv", "x"), driveOf(t, "沪 1.csv", "x")
	drives, err := Find([]string{a.Fixes, b.Fixes}, FixesFile)
	if err != nil || len(drives) != 2 || drives[0].Name == drives[1].Name {
		t.Fatal(drives, err)
	}
}
