package main

import (
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"argos/audit"
	"argos/cluster"
	"argos/gateway"
	"argos/io/kfakeio"
	"argos/io/sqliteio"
	"argos/ledger"
	"argos/pipelines"
	"argos/runner/flink"
	"argos/sender"
	"argos/web"
)

// TestOperationsKnowEveryMetric: docs/OPERATIONS.md says of each metric what it means, and of none that there is not.
func TestOperationsKnowEveryMetric(t *testing.T) {
	dir, quiet := t.TempDir(), slog.New(slog.DiscardHandler)
	broker, err := kfakeio.Start(kfakeio.Config{Dir: filepath.Join(dir, "log"), Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	reg := prometheus.NewRegistry()
	reg.MustRegister(pipelines.Collectors()...)
	reg.MustRegister(flink.Collector(nil)) // which is not asked for figures
	reg.MustRegister(audit.NewMetrics().Collectors()...)
	g, err := gateway.New(t.Context(), gateway.Config{Kafka: cluster.Plain(broker.Addr()), Registerer: reg, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close(t.Context()) //nolint:errcheck // it was given nothing
	door := httptest.NewServer(g.Handler())
	defer door.Close()
	store, err := sqliteio.Open(t.Context(), sqliteio.URI(filepath.Join(dir, "trucks.db")))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	w := web.New(web.Config{Store: store, Registerer: reg, Log: quiet})
	defer w.Close()
	l, err := ledger.Open(filepath.Join(dir, "ledger.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := sender.New(t.Context(), sender.Config{URL: "ws" + strings.TrimPrefix(door.URL, "http") + "/v1/stream", Ledger: l, Run: "none", Log: quiet, Registerer: reg})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context()) //nolint:errcheck // it was given nothing

	page, err := os.ReadFile("../../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	words := regexp.MustCompile(`(?m)^    .*`).ReplaceAllString(string(page), "") // commands name volumes like that
	told := map[string]bool{}
	for _, name := range regexp.MustCompile(`\bargos_[a-z0-9_]+`).FindAllString(words, -1) {
		told[name] = true
	}
	descs := make(chan *prometheus.Desc)
	go func() {
		reg.Describe(descs)
		close(descs)
	}()
	there, name := map[string]bool{}, regexp.MustCompile(`fqName: "(argos_[a-z0-9_]+)"`)
	for d := range descs {
		if m := name.FindStringSubmatch(d.String()); m != nil {
			there[m[1]] = true
		}
	}
	if len(there) < 40 {
		t.Fatalf("only %d metrics: %v", len(there), slices.Sorted(maps.Keys(there)))
	}
	for name := range there {
		if !told[name] {
			t.Errorf("docs/OPERATIONS.md does not say what %s means", name)
		}
	}
	for name := range told {
		if !there[name] && !there[regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")] {
			t.Errorf("docs/OPERATIONS.md tells of %s, and there is none", name)
		}
	}
}
