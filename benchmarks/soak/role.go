package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// role is a process that this one has started; it ends with this one.
type role struct {
	name string
	logs string
	cmd  *exec.Cmd
	in   io.Closer
	done chan struct{}
}

// launch starts argos in a role. What it logs goes into a file.
func (s *system) launch(name string, args ...string) (*role, error) {
	return s.begin(name, exec.Command(s.path("argos"), args...)) //nolint:gosec,noctx // our own program; it is stopped by name
}

// launchBroker starts this program as the embedded broker.
func (s *system) launchBroker(dir string) (*role, string, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	c := exec.Command(exe) //nolint:gosec,noctx // as above
	c.Env = append(os.Environ(), brokerDir+"="+dir)
	in, err := c.StdinPipe()
	if err != nil {
		return nil, "", err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	r, err := s.begin("broker", c)
	if err != nil {
		return nil, "", err
	}
	r.in = in
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, "", fmt.Errorf("start the embedded broker: %w: see %s", err, r.logs)
	}
	return r, strings.TrimSpace(line), nil
}

func (s *system) begin(name string, c *exec.Cmd) (*role, error) {
	r := &role{name: name, logs: filepath.Join(s.out, name+".log"), cmd: c, done: make(chan struct{})}
	f, err := os.Create(r.logs)
	if err != nil {
		return nil, err
	}
	c.Stderr = f
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := c.Start(); err != nil {
		f.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(r.done)
		_ = c.Wait() // its state says how
		f.Close()
	}()
	s.roles[name] = r
	return r, nil
}

// stopWithin is above what a role itself takes for a clean stop.
const stopWithin = 45 * time.Second

// stop asks for a clean end.
func (r *role) stop() error {
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", r.name, err)
	}
	select {
	case <-r.done:
	case <-time.After(stopWithin):
		return fmt.Errorf("%s does not stop: see %s", r.name, r.logs)
	}
	if !r.cmd.ProcessState.Success() {
		return r.ended()
	}
	return nil
}

func (r *role) ended() error {
	return fmt.Errorf("%s ended: %v: see %s", r.name, r.cmd.ProcessState, r.logs)
}

func (r *role) kill() {
	if r.in != nil {
		r.in.Close()
	}
	_ = r.cmd.Process.Kill() // it may have ended
	<-r.done
}
