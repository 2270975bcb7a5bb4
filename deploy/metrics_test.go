package deploy

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v3"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// rules of Prometheus.
type rules struct {
	Groups []struct {
		Rules []struct {
			Alert, Record, Expr string
			Annotations         map[string]string
		}
	}
}

// notOurs are metrics of Prometheus itself and of its client library.
var notOurs = []string{"up", "ALERTS", "process_resident_memory_bytes", "process_cpu_seconds_total"}

// metrics are the names in a query: words that are neither called nor in a label's place.
func metrics(query string) (names []string) {
	query = regexp.MustCompile(`"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring) *\([^)]*\)`).ReplaceAllString(query, " ")
	words := regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*( *\()?`)
	for _, w := range words.FindAllString(query, -1) {
		if !strings.HasSuffix(w, "(") && !slices.Contains([]string{"by", "or", "and", "unless", "offset", "m", "s"}, w) {
			names = append(names, w)
		}
	}
	return names
}

// strangers are the metrics of a query that docs/OPERATIONS.md does not know; a test of cmd/argos holds that page to the program.
func strangers(query, operations string, recorded []string) (all []string) {
	for _, name := range metrics(query) {
		base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if !strings.Contains(operations, "`"+base+"`") && !slices.Contains(notOurs, name) && !slices.Contains(recorded, name) {
			all = append(all, name)
		}
	}
	return all
}

// TestQueries: each metric that a rule or a panel asks for exists, and the alerts are those of docs/OPERATIONS.md.
func TestQueries(t *testing.T) {
	operations := read(t, "../docs/OPERATIONS.md")
	var r rules
	readYAML(t, "prometheus/alerts.yml", &r)
	queries, recorded, alerts := map[string]string{}, []string{}, []string{}
	for _, g := range r.Groups {
		for _, rule := range g.Rules {
			queries["rule "+rule.Record+rule.Alert] = rule.Expr
			if rule.Record != "" {
				recorded = append(recorded, rule.Record)
				continue
			}
			alerts = append(alerts, rule.Annotations["operations"])
		}
	}
	var told []string
	_, table, _ := strings.Cut(operations, "| alert | when |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range strings.Split(table, "\n")[2:] {
		told = append(told, strings.TrimSpace(strings.Split(row, "|")[1]))
	}
	if !slices.Equal(alerts, told) {
		t.Errorf("the alerts are %q, docs/OPERATIONS.md tells of %q", alerts, told)
	}
	maps.Copy(queries, panels(t))
	if len(queries) < 50 {
		t.Fatalf("only %d queries", len(queries))
	}
	for where, q := range queries {
		for _, name := range strangers(q, operations, recorded) {
			t.Errorf("%s asks for %s, and there is none", where, name)
		}
	}
	if got := strangers(`sum by (le) (rate(argos_sink_latency_second_bucket{a="b"}[5m])) or up`, operations, nil); !slices.Equal(got, []string{"argos_sink_latency_second_bucket"}) {
		t.Errorf("the check does not see what is wrong: %q", got)
	}
}

// panels are the queries of the dashboard. Each asks the datasource that is provisioned.
func panels(t *testing.T) map[string]string {
	t.Helper()
	type source struct{ UID string }
	var board struct {
		UID    string
		Panels []struct {
			Title, Type string
			Datasource  source
			Targets     []struct {
				Expr       string
				Datasource source
			}
		}
	}
	if err := json.Unmarshal([]byte(read(t, "grafana/dashboards/argos.json")), &board); err != nil {
		t.Fatal(err)
	}
	var provisioned struct{ Datasources []struct{ UID, URL string } }
	readYAML(t, "grafana/provisioning/datasources/prometheus.yml", &provisioned)
	if len(provisioned.Datasources) != 1 || provisioned.Datasources[0].URL != "http://prometheus:9090" {
		t.Errorf("provisioned: %+v", provisioned)
	}
	uid := provisioned.Datasources[0].UID
	queries := map[string]string{}
	for _, p := range board.Panels {
		if p.Type != "row" && (len(p.Targets) == 0 || p.Datasource.UID != uid) {
			t.Errorf("panel %s asks for nothing, or %q", p.Title, p.Datasource.UID)
		}
		for i, q := range p.Targets {
			if q.Datasource.UID != uid {
				t.Errorf("panel %s asks %q", p.Title, q.Datasource.UID)
			}
			queries[fmt.Sprintf("panel %s, query %d", p.Title, i+1)] = q.Expr
		}
	}
	var provider struct {
		Providers []struct{ Options struct{ Path string } }
	}
	readYAML(t, "grafana/provisioning/dashboards/argos.yml", &provider)
	if s := service(t, project(t, "core"), "grafana"); !slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool {
		return v.Target == provider.Providers[0].Options.Path && strings.HasSuffix(v.Source, "deploy/grafana/dashboards")
	}) {
		t.Errorf("the dashboards are not where Grafana looks: %+v", provider)
	}
	return queries
}

// TestScrapes: Prometheus asks services of ours, by names that they have, where they answer; none is forgotten.
func TestScrapes(t *testing.T) {
	var cfg struct {
		ScrapeConfigs []struct {
			JobName       string                       `yaml:"job_name"`
			StaticConfigs []struct{ Targets []string } `yaml:"static_configs"`
			DNS           []struct {
				Names []string
				Port  int
			} `yaml:"dns_sd_configs"`
		} `yaml:"scrape_configs"`
	}
	readYAML(t, "prometheus/prometheus.yml", &cfg)
	var asked []string
	for _, s := range cfg.ScrapeConfigs {
		for _, c := range s.StaticConfigs {
			asked = append(asked, c.Targets...)
		}
		for _, d := range s.DNS {
			asked = append(asked, fmt.Sprintf("%s:%d", d.Names[0], d.Port))
		}
	}
	slices.Sort(asked)
	for _, profile := range []string{"core", "flink"} {
		there := []string{"localhost:9090"}
		p := project(t, profile, "demo")
		for name, s := range p.Services {
			if at := s.Environment["ARGOS_WORKER_ADMIN"]; at != nil {
				there = append(there, "taskmanager"+*at)
			}
			at := s.Environment["ARGOS_ADMIN"]
			if at == nil {
				continue
			}
			if n := s.Networks["default"]; n != nil && len(n.Aliases) > 0 {
				name = n.Aliases[0]
			}
			there = append(there, name+*at)
		}
		if profile == "core" {
			there = append(there, "taskmanager:9104") // asked for, and not missed
		}
		slices.Sort(there)
		if !slices.Equal(asked, there) {
			t.Errorf("profile %s: Prometheus asks %v, there are %v", profile, asked, there)
		}
	}
}

// TestAlertsFire: by Prometheus's own tool, on series of each incident.
func TestAlertsFire(t *testing.T) {
	for _, args := range [][]string{{"check", "config", "prometheus/prometheus.yml"}, {"test", "rules", "prometheus/alerts_test.yml"}} {
		out, err := exec.Command("promtool", args...).CombinedOutput()
		if errors.Is(err, exec.ErrNotFound) {
			t.Skip("this machine has no promtool (Debian's package prometheus has it)")
		}
		if err != nil {
			t.Errorf("promtool %v: %v: %s", args, err, out)
		}
	}
}
