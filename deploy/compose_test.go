// Package deploy has no code: its tests hold docker-compose.yml, the Dockerfile and what they configure to the
// program and its documentation. They need no container engine, and prove nothing about one.
package deploy

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// passwords are what deploy/secrets.sh makes.
var passwords = []string{"MONGO_ROOT_PASSWORD=a", "MONGO_PASSWORD=b", "GRAFANA_PASSWORD=c"}

func load(profiles, env []string) (*types.Project, error) {
	o, err := cli.NewProjectOptions(
		[]string{"../docker-compose.yml"},
		cli.WithProfiles(profiles),
		cli.WithEnv(env),
		cli.WithResolvedPaths(true),
	)
	if err != nil {
		return nil, err
	}
	return o.LoadProject(context.Background())
}

func project(t *testing.T, profiles ...string) *types.Project {
	t.Helper()
	p, err := load(profiles, passwords)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func service(t *testing.T, p *types.Project, name string) types.ServiceConfig {
	t.Helper()
	s, err := p.GetService(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// complain fails the test with each problem.
func complain(t *testing.T, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}

const (
	laptop = 8 << 30 // bytes
	own    = 1 << 30 // what the laptop itself needs
)

// TestProfiles: what runs in each profile is contained, healthy by a check of its own, and fits a laptop, the demo
// included.
func TestProfiles(t *testing.T) {
	for profile, want := range map[string][]string{
		"core":  {"gateway", "grafana", "kafka", "mongo", "pipeline", "prometheus", "serve", "simulate"},
		"flink": {"gateway", "grafana", "jobmanager", "jobserver", "kafka", "mongo", "prometheus", "serve", "simulate", "submitter", "taskmanager"},
	} {
		p := project(t, profile, "demo")
		if got := p.ServiceNames(); !slices.Equal(got, want) {
			t.Errorf("profile %s has %v, want %v", profile, got, want)
		}
		complain(t, problems(p))
	}
	if p := project(t, "audit"); !slices.Equal(p.ServiceNames(), []string{"audit"}) {
		t.Errorf("profile audit has %v", p.ServiceNames())
	}
}

// TestWorkersScale: up --scale pipeline=3 starts two more beside the first, which nothing that only one can have
// forbids.
func TestWorkersScale(t *testing.T) {
	s := service(t, project(t, "core"), "pipeline")
	if s.ContainerName != "" || s.Hostname != "" || len(s.Ports) > 0 || len(s.Volumes) > 0 {
		t.Errorf(
			"a pipeline has %q, %q, ports %v or volumes %v to itself",
			s.ContainerName,
			s.Hostname,
			s.Ports,
			s.Volumes,
		)
	}
}

// TestEachAlone: a line for one service, such as docker compose stop simulate, needs no profile.
func TestEachAlone(t *testing.T) {
	p := project(t)
	if len(p.Services) > 0 || len(p.DisabledServices) < 13 {
		t.Fatalf("without a profile %v run", p.ServiceNames())
	}
	for name := range p.DisabledServices {
		alone, err := p.WithServicesEnabled(name)
		if err == nil {
			_, err = alone.WithSelectedServices([]string{name})
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// problems are what is wrong with the services that run.
func problems(p *types.Project) (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	var sum types.UnitBytes
	for name, s := range p.Services {
		sum += s.MemLimit
		if s.MemLimit == 0 {
			say("%s has no memory limit", name)
		}
		if s.HealthCheck == nil || len(s.HealthCheck.Test) < 2 || s.HealthCheck.Disable {
			say("%s has no health check", name)
		}
		if s.Build == nil && !pinned(s.Image) {
			say("%s: image %s is not pinned to a release", name, s.Image)
		}
		for _, port := range s.Ports {
			if ip := net.ParseIP(port.HostIP); ip == nil || !ip.IsLoopback() {
				say("%s publishes port %s beyond this machine, on %q", name, port.Published, port.HostIP)
			}
		}
		if s.Privileged || s.NetworkMode == "host" || !slices.Equal(s.CapDrop, []string{"ALL"}) ||
			!slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			say("%s has more rights than it needs", name)
		}
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeBind {
				if _, err := os.Stat(v.Source); err != nil || !v.ReadOnly {
					say("%s: %s is not there or may be written", name, v.Source)
				}
			} else if _, ok := p.Volumes[v.Source]; !ok {
				say("%s keeps something in a volume without a name", name)
			}
		}
		for on, d := range s.DependsOn {
			if d.Condition != types.ServiceConditionHealthy {
				say("%s does not wait until %s is healthy", name, on)
			}
		}
	}
	if sum > laptop-own {
		say("all limits together are %d MiB, of %d", sum>>20, (laptop-own)>>20)
	}
	return all
}

var release = regexp.MustCompile(`^v?\d+\.\d+\.\d+(-[a-z0-9_.-]+)?$`)

func pinned(image string) bool {
	_, tag, ok := strings.Cut(image, ":")
	return ok && release.MatchString(tag)
}

// TestProblemsAreSeen: the checks above can fail.
func TestProblemsAreSeen(t *testing.T) {
	for want, spoil := range map[string]func(*types.ServiceConfig){
		"not pinned":          func(s *types.ServiceConfig) { s.Image = "apache/kafka:latest" },
		"beyond this machine": func(s *types.ServiceConfig) { s.Ports = []types.ServicePortConfig{{Published: "9092", Target: 9092}} },
		"no memory limit":     func(s *types.ServiceConfig) { s.MemLimit = 0 },
		"all limits together": func(s *types.ServiceConfig) { s.MemLimit = 6 << 30 },
		"no health check":     func(s *types.ServiceConfig) { s.HealthCheck = nil },
		"more rights":         func(s *types.ServiceConfig) { s.CapDrop = nil },
		"without a name":      func(s *types.ServiceConfig) { s.Volumes[0].Source = "" },
		"is not there": func(s *types.ServiceConfig) {
			s.Volumes[0].Type, s.Volumes[0].Source = types.VolumeTypeBind, "/no/such"
		},
		"does not wait": func(s *types.ServiceConfig) {
			s.DependsOn = types.DependsOnConfig{"mongo": {Condition: types.ServiceConditionStarted}}
		},
		"beyond this machine,": func(s *types.ServiceConfig) { s.Ports = []types.ServicePortConfig{{Published: "1", HostIP: "0.0.0.0"}} },
	} {
		p := project(t, "flink", "demo")
		s := service(t, p, "kafka")
		spoil(&s)
		p.Services["kafka"] = s
		if got := problems(p); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}

// TestPasswords: none is in the file, and without one nothing starts, and the error says what to do.
func TestPasswords(t *testing.T) {
	for i, env := range passwords {
		_, err := load([]string{"core"}, slices.Delete(slices.Clone(passwords), i, i+1))
		name, _, _ := strings.Cut(env, "=")
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "deploy/secrets.sh") {
			t.Errorf("without %s: %v", name, err)
		}
	}
	script, err := os.ReadFile("secrets.sh")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, m := range regexp.MustCompile(`\$\{([A-Z_]+)`).FindAllStringSubmatch(string(text), -1) {
		asked[m[1]] = true
		if !strings.Contains(string(script), "\n"+m[1]+"=$(word)") {
			t.Errorf("secrets.sh makes no %s", m[1])
		}
	}
	if len(asked) != len(passwords) {
		t.Errorf("the file asks for %v", asked)
	}
}

// TestVolumesToldOf: a volume that docs/OPERATIONS.md has removed is one of the file's, under the project's name.
func TestVolumesToldOf(t *testing.T) {
	p := project(t)
	told := regexp.MustCompile(`docker volume rm (\S+)`).FindAllStringSubmatch(read(t, "../docs/OPERATIONS.md"), -1)
	if len(told) == 0 {
		t.Fatal("it tells of none")
	}
	for _, m := range told {
		if !slices.ContainsFunc(
			slices.Collect(maps.Values(p.Volumes)),
			func(v types.VolumeConfig) bool { return v.Name == m[1] },
		) {
			t.Errorf("there is no volume %s", m[1])
		}
	}
}
