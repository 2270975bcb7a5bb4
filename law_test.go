package argos_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

type pkg struct {
	ImportPath string
	GoFiles    []string
	Imports    []string
	Standard   bool
}

// TestImportLaw keeps the rooms apart: see docs/ARCHITECTURE.md, "What may import what".
func TestImportLaw(t *testing.T) {
	for _, p := range packages(t) {
		room := strings.TrimPrefix(p.ImportPath, "argos/")
		if room == "io" || room == "transforms" {
			t.Errorf("%s holds Go files; its folders are the packages", p.ImportPath)
		}
		for _, bad := range []string{"util", "utils", "common", "helpers", "internal/util"} {
			if strings.HasSuffix(p.ImportPath, "/"+bad) {
				t.Errorf("%s: a package is named for what it is about", p.ImportPath)
			}
		}
		for _, imp := range p.Imports {
			if why := forbidden(p.ImportPath, room, imp); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, imp, why)
			}
		}
	}
}

func forbidden(path, room, imp string) string {
	transforms, io := strings.HasPrefix(room, "transforms/"), strings.HasPrefix(room, "io/")
	runner := room == "runner" || strings.HasPrefix(room, "runner/")
	switch {
	case path == "argos":
		if strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") || strings.HasPrefix(imp, "argos") {
			return "the root package holds contracts and knows the standard library alone"
		}
	case transforms && strings.HasPrefix(imp, "argos/io/"), io && strings.HasPrefix(imp, "argos/transforms/"):
		return "transforms and io are joined by pipelines only"
	case strings.HasPrefix(imp, "argos/cmd/"):
		return "cmd is the top"
	case runner && (strings.HasPrefix(imp, "argos/pipelines") || strings.HasPrefix(imp, "argos/transforms/")):
		return "a runner runs any pipeline, and knows none of ours"
	case strings.HasPrefix(imp, "argos/pipelines") && !strings.HasPrefix(room, "cmd/") &&
		!strings.HasPrefix(room, "benchmarks"):
		return "only commands and benchmarks run pipelines"
	case strings.HasPrefix(imp, "github.com/apache/beam/"):
		if !io && !runner && room != "pipelines" && room != "transforms/fleet" && room != "transforms/decode" &&
			!strings.HasPrefix(room, "cmd/") {
			return "Beam stays inside the pipeline"
		}
	case room == "sim" && strings.HasPrefix(imp, "argos/transforms/"):
		return "the simulator does not know the filter that is measured by it"
	case room == "gateway" && (io || strings.HasPrefix(imp, "argos/io/")):
		return "the gateway never links Beam, which io does"
	}
	return ""
}

func TestImportLawForbids(t *testing.T) {
	for _, c := range []struct{ path, imp string }{
		{"argos", "github.com/segmentio/kafka-go"},
		{"argos", "argos/wire"},
		{"argos/transforms/track", "argos/io/kafkaio"},
		{"argos/io/sqliteio", "argos/transforms/track"},
		{"argos/gateway", "github.com/apache/beam/sdks/v2/go/pkg/beam"},
		{"argos/gateway", "argos/io/kafkaio"},
		{"argos/transforms/kalman", "github.com/apache/beam/sdks/v2/go/pkg/beam"},
		{"argos/web", "argos/pipelines"},
		{"argos/sim", "argos/transforms/track"},
		{"argos/runner/prism", "argos/pipelines"},
		{"argos/runner/flink", "argos/transforms/fleet"},
	} {
		if forbidden(c.path, strings.TrimPrefix(c.path, "argos/"), c.imp) == "" {
			t.Errorf("%s may import %s", c.path, c.imp)
		}
	}
}

func packages(t *testing.T) (all []pkg) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,GoFiles,Imports,Standard", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
