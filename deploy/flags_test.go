package deploy

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
)

// program is argos as its image has it; TestMain removes it.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "argos-deploy-")
	if err != nil {
		return "", err
	}
	return dir, builtAs(dir)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := program(); dir != "" && err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

func argos(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program as its image does, from its first package")
	}
	dir, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "argos")
}

func isOurs(s types.ServiceConfig) bool { return s.Build != nil && s.Build.Target == "argos" }

// TestFlags: each flag and each ARGOS_ variable of the services is one of the program's, and their values are such that it starts.
func TestFlags(t *testing.T) {
	bin := argos(t)
	p := project(t, "core", "flink", "demo", "audit")
	seen := 0
	for name, s := range p.Services {
		if !isOurs(s) {
			continue
		}
		seen++
		complain(t, unknown(name, s, help(t, bin, s.Command[0])))
		if line := firstLine(t, bin, s); strings.Contains(line, "argos COMMAND --help") {
			t.Errorf("%s: %s", name, line)
		}
	}
	if seen != 6 {
		t.Errorf("%d services are argos", seen)
	}
	s := service(t, p, "gateway")
	ten := "10"
	s.Environment["ARGOS_SHARDS"] = &ten // of another command
	s.Command = append(s.Command, "--trucks=5")
	if got := unknown("gateway", s, help(t, bin, "gateway")); len(got) != 2 {
		t.Errorf("the check does not see what is wrong: %q", got)
	}
	s = service(t, p, "submitter")
	spark := "spark"
	s.Environment["ARGOS_RUNNER"] = &spark
	if line := firstLine(t, bin, s); !strings.Contains(line, "argos COMMAND --help") {
		t.Errorf("an unknown runner starts: %s", line)
	}
}

func help(t *testing.T, bin, command string) string {
	t.Helper()
	out, err := exec.Command(bin, command, "--help").Output()
	if err != nil {
		t.Fatalf("argos %s --help: %v", command, err)
	}
	return string(out)
}

// unknown are the flags and variables of a service that the help of its command does not name.
func unknown(name string, s types.ServiceConfig, help string) (problems []string) {
	flags := regexp.MustCompile(`--[a-z-]+`)
	has := map[string]bool{}
	for _, f := range flags.FindAllString(help, -1) {
		has[f] = true
	}
	for _, v := range regexp.MustCompile(`\$ARGOS_[A-Z_]+`).FindAllString(help, -1) {
		has[v[1:]] = true
	}
	for _, arg := range s.Command[1:] {
		if f := flags.FindString(arg); !has[f] {
			problems = append(problems, name+": argos "+s.Command[0]+" has no "+arg)
		}
	}
	for v := range s.Environment {
		if strings.HasPrefix(v, "ARGOS_") && !has[v] {
			problems = append(problems, name+": argos "+s.Command[0]+" has no variable "+v)
		}
	}
	return problems
}

// firstLine is what the service says first when it is started here, where nothing of what it needs is. A command line that can't be
// meant is refused before anything else.
func firstLine(t *testing.T, bin string, s types.ServiceConfig) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, s.Command...)
	cmd.Dir = t.TempDir()
	for k, v := range s.Environment {
		switch k {
		case "ARGOS_ADMIN", "ARGOS_LISTEN":
			cmd.Env = append(cmd.Env, k+"=127.0.0.1:0")
		case "ARGOS_LEDGER":
			cmd.Env = append(cmd.Env, k+"=fleet.ndjson")
		default:
			cmd.Env = append(cmd.Env, k+"="+*v)
		}
	}
	says, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(says).ReadString('\n')
	if err != nil {
		t.Errorf("argos %v ends without a word: %v", s.Command, err)
	}
	cancel()
	cmd.Wait() //nolint:errcheck // it was killed
	return line
}

// TestHealthChecks: argos asks itself where it answers, and what it is told to listen on is what is published.
func TestHealthChecks(t *testing.T) {
	p := project(t, "core", "flink", "demo")
	for name, s := range p.Services {
		if !isOurs(s) {
			continue
		}
		want := "CMD /usr/local/bin/argos ready http://127.0.0.1" + *s.Environment["ARGOS_ADMIN"] + "/readyz"
		if got := strings.Join(s.HealthCheck.Test, " "); got != want {
			t.Errorf("%s is asked by %q, want %q", name, got, want)
		}
		for _, port := range s.Ports {
			if at := s.Environment["ARGOS_LISTEN"]; at == nil || *at != ":"+port.Published {
				t.Errorf("%s publishes %s, where it does not listen", name, port.Published)
			}
		}
	}
}
