package pipelines

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"argos/io/traceio"
)

// Every input row has its output row, with its own t_ms, whatever is wrong with it.
func TestSmoothCausalAnswersEachRow(t *testing.T) {
	rows := []string{
		"1700000000000,,4.5,,,,1,9,1",           // no latitude
		"1700000001000,51.9,4.5,,,,1,9,0",       // the receiver has no fix
		"1700000002000,51.9,4.5,,10.0,90,1,9,1", // the first one
		"1700000003000,51.9,4.50014,,10.0,90,1,9,1",
		"1700000004000,91.0,4.5,,10.0,90,1,9,1", // no such latitude
		"1700000003000,51.9,4.6,,10.0,90,1,9,1", // repeated
		"nonsense",
		"1700000005000,51.9,4.50043,,10.0,90,1,9,1",
	}
	drive := filepath.Join(t.TempDir(), "set", "a drive")
	write(
		t,
		filepath.Join(drive, "fixes.csv"),
		"t_ms,lat,lon,alt_m,speed_mps,course_deg,hdop,sats,fix_q\n"+strings.Join(rows, "\n")+"\n",
	)
	out := filepath.Join(t.TempDir(), "new", "folder")
	n, err := Smooth(
		t.Context(),
		SmoothConfig{Paths: []string{drive}, Fixes: "fixes.csv", Out: out, Format: "csv", Causal: true},
	)
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	f, err := os.Open(filepath.Join(out, "set_a-drive-92c515a3de.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := csv.NewReader(f).ReadAll()
	if err != nil || len(got) != 1+len(rows) {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	if h := strings.Join(got[0], ","); h != "t_ms,lat,lon,speed_mps,heading_deg,sigma_m,status" {
		t.Errorf("header %s", h)
	}
	got = got[1:]
	for i, want := range []struct {
		tMs, status string
		positioned  bool
	}{
		{"1700000000000", "refused", false},
		{"1700000001000", "tentative", false},
		{"1700000002000", "tentative", true},
		{"1700000003000", "tentative", true},
		{"1700000004000", "refused", true},
		{"1700000003000", "tentative", true},
		{"nonsense", "refused", true},
		{"1700000005000", "moving", true},
	} {
		if r := got[i]; r[0] != want.tMs || r[6] != want.status || (r[1] != "") != want.positioned ||
			(r[2] != "") != want.positioned {
			t.Errorf("row %d is %v, want %+v", i, r, want)
		}
	}
	for _, i := range []int{4, 5, 6} { // what is refused or repeated moves nothing
		if got[i][1] != got[3][1] || got[i][2] != got[3][2] {
			t.Errorf("row %d moved the truck: %v", i, got[i])
		}
	}
}

func TestSmoothCausalSaysWhatItCannotRead(t *testing.T) {
	drive := filepath.Join(t.TempDir(), "set", "drive")
	write(t, filepath.Join(drive, "fixes.csv"), "when,where\n1,2\n")
	out := filepath.Join(t.TempDir(), "out")
	_, err := Smooth(
		t.Context(),
		SmoothConfig{Paths: []string{drive}, Fixes: "fixes.csv", Out: out, Format: "csv", Causal: true},
	)
	if err == nil || !strings.Contains(err.Error(), `its header "when,where"`) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("the folder for the results was made all the same")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A worker of a cluster, where nobody reads what it counts, fails the job when nothing of a file can be used; here the
// others are done, and an error of all says how many.
func TestSmoothUnusable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "set")
	for _, drive := range []string{"a", "b"} {
		write(t, filepath.Join(dir, drive, "fixes.csv"), "t_ms,lat,lon\nnonsense,1,2\n")
	}
	bad := traceio.Drive{Name: "set_a", Fixes: filepath.Join(dir, "a", "fixes.csv")}
	err := (&smoothFn{Job: "of nobody", Out: t.TempDir(), Format: "csv"}).ProcessElement(t.Context(), bad)
	if err == nil || !strings.Contains(err.Error(), "none of its 1 rows can be used") {
		t.Error(err)
	}
	write(t, filepath.Join(dir, "b", "fixes.csv"), "t_ms,lat,lon\n1700000000000,1,2\n")
	out := filepath.Join(t.TempDir(), "out")
	tally := new(Tally)
	n, err := Smooth(
		t.Context(),
		SmoothConfig{Paths: []string{dir}, Fixes: "fixes.csv", Out: out, Format: "csv", Tally: tally},
	)
	if n != 1 || !errors.Is(err, ErrUnusable) || err.Error() != "1 of 2 files could not be used" {
		t.Error(n, err)
	}
	if files := tally.Files(); len(files) != 2 || files[0].Err() == nil || files[1].Err() != nil ||
		files[1].Fixes != 1 {
		t.Errorf("%+v", files)
	}
	if left, _ := os.ReadDir(out); len(left) != 1 || left[0].Name() != "set_b.csv" {
		t.Errorf("there are %v", left)
	}
}
