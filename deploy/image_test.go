package deploy

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// step is an instruction of a Dockerfile: RUN, and what to run.
type step struct{ what, args string }

// stages are a Dockerfile's, by their names. Ours has neither heredocs nor continued lines.
func stages(text string) map[string][]step {
	all, name := map[string][]step{}, ""
	for line := range strings.Lines(text) {
		what, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		if what == "" || strings.HasPrefix(what, "#") {
			continue
		}
		if what == "FROM" {
			f := strings.Fields(args)
			name = f[len(f)-1]
		}
		all[name] = append(all[name], step{what, args})
	}
	return all
}

func dockerfile() (map[string][]step, error) {
	text, err := os.ReadFile("../Dockerfile")
	return stages(string(text)), err
}

// builtAs runs the Dockerfile's own build line, with dir as its folder for results.
func builtAs(dir string) error {
	all, err := dockerfile()
	if err != nil {
		return err
	}
	for _, s := range all["build"] {
		if s.what != "RUN" || !strings.Contains(s.args, "go build") {
			continue
		}
		line := strings.ReplaceAll(s.args, "/out/", dir+"/")
		if line == s.args {
			return fmt.Errorf("the result of %q is not in /out", line)
		}
		cmd := exec.Command("sh", "-c", line)
		cmd.Dir = ".."
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, out)
		}
		return nil
	}
	return errors.New("the Dockerfile has no go build")
}

// TestImages: built from pinned images, run by users that are not root, with the same program at the same path.
func TestImages(t *testing.T) {
	all, err := dockerfile()
	if err != nil {
		t.Fatal(err)
	}
	for name, steps := range all {
		from, _, _ := strings.Cut(steps[0].args, " ")
		if from != "scratch" && !pinned(from) {
			t.Errorf("%s is built from %s, which may change", name, from)
		}
		if name == "build" {
			continue
		}
		if !slices.Contains(steps, step{"COPY", "--from=build /out/argos /usr/local/bin/argos"}) {
			t.Errorf("%s has no argos", name)
		}
		if user := last(steps, "USER"); user == "" || strings.HasPrefix(user, "root") || strings.HasPrefix(user, "0") {
			t.Errorf("%s runs as %q", name, user)
		}
	}
	p := project(t, "core", "flink", "demo", "audit")
	for name, s := range p.Services {
		if s.Build != nil && all[s.Build.Target] == nil {
			t.Errorf("%s is built from %s, which the Dockerfile has not", name, s.Build.Target)
		}
	}
	if got, want := *service(t, p, "submitter").Environment["ARGOS_WORKER"], "/usr/local/bin/argos"; got != want {
		t.Errorf("the submitter's worker is %s", got)
	}
}

func last(steps []step, what string) (args string) {
	for _, s := range steps {
		if s.what == what {
			args = s.args
		}
	}
	return args
}

// TestProgramNeedsNothing: it is static, and runs where there is no other file, as nobody.
func TestProgramNeedsNothing(t *testing.T) {
	bin := argos(t)
	f, err := elf.Open(bin)
	if err != nil {
		t.Skipf("no ELF here: %v", err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("it wants a dynamic linker, which its image lacks")
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("only root may change the root directory")
	}
	dir := t.TempDir()
	if err := os.Link(bin, filepath.Join(dir, "argos")); err != nil {
		t.Fatal(err)
	}
	for d := dir; d != filepath.Dir(d) && strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/argos", "gateway", "--help")
	all, err := dockerfile()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir, cmd.Env = "/", strings.Fields(last(all["argos"], "ENV"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: dir, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--kafka") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestBuildContext: the files that the program is made of are in the context of its image, and passwords are not.
func TestBuildContext(t *testing.T) {
	f, err := os.Open("../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	patterns, err := ignorefile.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	m, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	ignored := func(path string) bool {
		is, err := m.MatchesOrParentMatches(filepath.ToSlash(path))
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	const list = `{{if and .Module .Module.Main}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$d}}/{{.}}
{{end}}{{end}}`
	cmd := exec.Command("go", "list", "-deps", "-f", list, "./cmd/argos")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(string(out))
	if len(files) < 50 || !slices.ContainsFunc(files, regexp.MustCompile(`\.html$`).MatchString) {
		t.Fatalf("the program is made of %d files, and none is the page", len(files))
	}
	for _, path := range append(files, root+"/go.mod", root+"/go.sum") {
		rel, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		if ignored(rel) {
			t.Errorf("%s is not in the build's context", rel)
		}
	}
	for _, path := range []string{".env", ".git/config", "cmd/argos/main_test.go"} {
		if !ignored(path) {
			t.Errorf("%s is in the build's context", path)
		}
	}
}

// TestVersions: what runs in containers is what the tests and figures are of.
func TestVersions(t *testing.T) {
	p := project(t, "core", "flink")
	all, err := dockerfile()
	if err != nil {
		t.Fatal(err)
	}
	for image, in := range map[string]struct{ file, pattern string }{
		service(t, p, "kafka").Image:            {"../rig/kafka.xml", `<artifactId>kafka_2.13</artifactId>\s*<version>(.*)</version>`},
		service(t, p, "jobserver").Image:        {"../go.mod", `github.com/apache/beam/sdks/v2 v(\S+)`},
		strings.Fields(all["flink"][0].args)[0]: {"../rig/flink.xml", `<flink>(.*)</flink>`},
	} {
		text, err := os.ReadFile(in.file)
		if err != nil {
			t.Fatal(err)
		}
		version := regexp.MustCompile(in.pattern).FindSubmatch(text)
		_, tag, _ := strings.Cut(image, ":")
		if tag, _, _ = strings.Cut(tag, "-"); version == nil || tag != string(version[1]) {
			t.Errorf("%s, and %s says %s", image, in.file, version)
		}
	}
}
