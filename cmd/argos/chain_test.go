package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"argos/audit"
	"argos/io/kfakeio"
	"argos/io/sqliteio"
	"argos/rig"
	"argos/truth/truthtest"
)

// TestRolesAsProcesses runs each role as a process of its own, on one broker and one store, and audits them from
// outside.
func TestRolesAsProcesses(t *testing.T) {
	dir := t.TempDir()
	broker, err := kfakeio.Start(kfakeio.Config{Dir: filepath.Join(dir, "log")})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	rolesAsProcesses(t, "sqlite:"+filepath.Join(dir, "trucks.db"), "--kafka", broker.Addr())
}

// rolesAsProcesses returns the roles when they have ended. The flags say where Kafka is and how it is entered.
func rolesAsProcesses(t *testing.T, store string, kafka ...string) []*process {
	t.Helper()
	ledger := filepath.Join(t.TempDir(), "ledger.ndjson")
	device, page, admins := freeAddr(t), freeAddr(t), [3]string{freeAddr(t), freeAddr(t), freeAddr(t)}

	roles := []*process{
		start(t, append([]string{"gateway", "--listen", device, "--admin", admins[0]}, kafka...)...),
		start(t, append([]string{"pipeline", "--store", store, "--admin", admins[1]}, kafka...)...),
		start(t, "serve", "--store", store, "--listen", page, "--admin", admins[2]),
	}
	for _, a := range admins {
		eventually(
			t,
			a+" is ready",
			func() bool { code, _ := get("http://" + a + "/readyz"); return code == http.StatusOK },
		)
		if code, body := get("http://" + a + "/metrics"); code != http.StatusOK ||
			!strings.Contains(body, "go_goroutines") {
			t.Errorf("metrics of %s: %d", a, code)
		}
	}
	code, _, stderr := runToEnd(
		t,
		"simulate",
		"--to",
		"ws://"+device,
		"--trucks",
		"20",
		"--rate",
		"10",
		"--duration",
		"3s",
		"--ledger",
		ledger,
	)
	if code != 0 {
		t.Fatalf("simulate: exit code %d\n%s", code, stderr)
	}
	res, err := http.Post(
		"http://"+device+"/v1/fixes",
		"application/x-ndjson",
		strings.NewReader(
			`{"truck_id":"posted","ts":"2026-01-02T03:04:05Z","lat":51.92,"lon":4.48}`+"\n"+`{"truck_id":"posted","lat":91}`+"\n",
		),
	)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != http.StatusOK || !strings.Contains(string(body), `"accepted":1`) ||
		!strings.Contains(string(body), `"refused":1`) {
		t.Errorf("POST: %d %s", res.StatusCode, body)
	}
	eventually(
		t,
		"the posted truck is served",
		func() bool { code, _ := get("http://" + page + "/v1/trucks/posted"); return code == http.StatusOK },
	)

	args := append([]string{"audit", "--store", store, "--ledger", ledger}, kafka...)
	var r audit.Report
	eventually(t, "everything is stored", func() bool {
		_, stdout, stderr := runToEnd(t, args...)
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatalf("audit: %v\n%s", err, stderr)
		}
		return r.Pending == 0
	})
	if !r.Clean() || r.Acked == 0 || r.Stored != r.InLog {
		t.Errorf("%+v", r)
	}
	code, stdout, stderr := runToEnd(t, append([]string{"explain", "posted", "--store", store}, kafka...)...)
	if code != 0 || !strings.Contains(stdout, "the track begins with it") ||
		!strings.Contains(stdout, "the stored document is this one, in every field") {
		t.Errorf("explain: exit code %d\n%s%s", code, stdout, stderr)
	}
	verdict := freeAddr(t)
	follow := start(
		t,
		append(
			args,
			"--follow",
			"--every",
			"50ms",
			"--state",
			filepath.Join(t.TempDir(), "state"),
			"--admin",
			verdict,
		)...)
	eventually(t, "the followed audit is clean", func() bool { return metricAt(t, verdict, "argos_audit_clean") == 1 })
	if code, body := get("http://" + verdict + "/readyz"); code != http.StatusOK {
		t.Errorf("the followed audit is not ready: %d %s", code, body)
	}
	roles = append(roles, follow)
	for _, p := range roles {
		if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if code := p.end(t); code != 0 {
			t.Errorf("%v: exit code %d\n%s", p.cmd.Args[1], code, p.stderr())
		}
	}
	return roles
}

// TestLiveEqualsCausal: what the gateway, Kafka, Prism and the store make of a recording is, to the last bit, what
// smooth --causal says after its last row; of simulated drives and of all real ones, as they were recorded and with
// injected faults.
func TestLiveEqualsCausal(t *testing.T) {
	simulated, err := filepath.Abs(filepath.Join("..", "..", "testdata", "simulated"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, fixes string
		traces      func(t *testing.T, fixes string) []string
	}{
		{"simulated", "fixes.csv", func(*testing.T, string) []string { return []string{simulated} }},
		{"recorded", "fixes.csv", sets},
		{"corrupt", "fixes_corrupt.csv", sets},
		{"sentences", "chipset_gga_rmc_gsa.nmea", sets},
	} {
		t.Run(c.name, func(t *testing.T) { liveEqualsCausal(t, c.traces(t, c.fixes), c.fixes) })
	}
}

func sets(t *testing.T, fixes string) []string { return truthtest.Sets(t, fixes) }

func liveEqualsCausal(t *testing.T, traces []string, fixes string) {
	t.Helper()
	dir, out := t.TempDir(), t.TempDir()
	live := []string{
		"demo",
		"--listen",
		"127.0.0.1:0",
		"--fixes",
		fixes,
		"--speed",
		"5000",
		"--duration",
		"60s",
		"--data-dir",
		dir,
	}
	for _, trace := range traces {
		live = append(live, "--trace", trace)
	}
	code, _, stderr := runToEnd(t, live...)
	if code != 0 {
		t.Fatalf("demo: exit code %d\n%s", code, stderr)
	}
	if code, _, stderr := runToEnd(t, append([]string{"smooth", "--causal", "--fixes", fixes, "--out", out}, traces...)...); code != 0 {
		t.Fatalf("smooth: exit code %d\n%s", code, stderr)
	}
	// From the store: the API shows positions with seven decimals.
	store, err := sqliteio.Open(t.Context(), sqliteio.URI(filepath.Join(dir, "trucks.db")))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	files, err := filepath.Glob(filepath.Join(out, "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		id := strings.TrimSuffix(filepath.Base(file), ".csv")
		doc, err := store.Truck(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		last, taken := lastRow(t, file)
		for i, x := range []float64{doc.Lat, doc.Lon, doc.Speed, doc.Heading, doc.Accuracy} {
			if got := number(x); got != last[1+i] {
				t.Errorf("%s, column %d: live %s, causal %s", id, 1+i, got, last[1+i])
			}
		}
		if last[6] != "refused" && last[6] != doc.Status.String() {
			t.Errorf("%s: live %s, causal %s", id, doc.Status, last[6])
		}
		if doc.Rev != int64(taken) {
			t.Errorf("%s: live after %d fixes, causal after %d", id, doc.Rev, taken)
		}
	}
}

func number(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// lastRow also counts the rows that were not refused.
func lastRow(t *testing.T, path string) (last []string, taken int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatal(len(rows), err)
	}
	for _, r := range rows[1:] {
		if r[6] != "refused" {
			taken++
		}
	}
	return rows[len(rows)-1], taken
}

func get(url string) (int, string) {
	res, err := http.Get(url)
	if err != nil {
		return 0, fmt.Sprint(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

func freeAddr(t testing.TB) string {
	t.Helper()
	addrs, err := rig.FreeAddrs(1)
	if err != nil {
		t.Fatal(err)
	}
	return addrs[0]
}
