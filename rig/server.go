package rig

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// startWithin bounds a server's start. The machine may be busy with a whole fleet.
const startWithin = 90 * time.Second

// Server is a process of its own that a test may kill, stop and let go on.
type Server struct {
	cmd  *exec.Cmd
	done chan struct{}

	mu   sync.Mutex
	tail []string // the last lines of its output
}

// Launch runs a command and waits for the line of its output that says that it is ready; a nil
// ready is not waited for. The process ends with this one.
func Launch(ctx context.Context, ready func(line string) bool, name string, args ...string) (*Server, error) {
	s := &Server{cmd: exec.Command(name, args...), done: make(chan struct{})} //nolint:gosec,noctx // it outlives ctx
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	r, w := io.Pipe()
	s.cmd.Stdout, s.cmd.Stderr = w, w
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	came := make(chan struct{}, 1)
	if ready == nil {
		ready = func(string) bool { return false }
		came <- struct{}{}
	}
	go s.read(r, ready, came)
	go func() {
		_ = s.cmd.Wait() // how it ended is asked of the process's state
		_ = w.Close()
		close(s.done)
	}()
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	select {
	case <-came:
		return s, nil
	case <-s.done:
		return nil, fmt.Errorf("%s ended before it was ready:\n%s", name, s.Output())
	case <-ctx.Done():
		s.Kill()
		return nil, fmt.Errorf("%s was not ready in time: %w\n%s", name, ctx.Err(), s.Output())
	}
}

func (s *Server) read(r io.Reader, ready func(string) bool, came chan<- struct{}) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		line = strings.TrimSpace(line)
		if line != "" {
			s.mu.Lock()
			s.tail = append(s.tail[max(0, len(s.tail)-99):], line)
			s.mu.Unlock()
			if ready(line) {
				select {
				case came <- struct{}{}:
				default:
				}
			}
		}
		if err != nil {
			return
		}
	}
}

// Output is the end of what the server has written.
func (s *Server) Output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b bytes.Buffer
	for _, l := range s.tail {
		fmt.Fprintln(&b, l)
	}
	return b.String()
}

// PID is the process's number.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Done is closed when the process has ended.
func (s *Server) Done() <-chan struct{} { return s.done }

// Kill is SIGKILL; it returns when the process is gone.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop is SIGTERM; it returns when the process is gone, which it makes sure of after a while.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

// Pause is SIGSTOP: the process keeps its sockets, and answers nothing until Resume. It returns when the process
// stands, all threads of it, which is some time after the signal was sent.
func (s *Server) Pause() error {
	if err := s.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for end := time.Now().Add(startWithin); !stands(s.PID()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("process %d still runs after SIGSTOP", s.PID())
		}
	}
	return nil
}

// stands says whether each thread of a process is stopped, or gone.
func stands(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		return false
	}
	for _, t := range threads {
		stat, err := os.ReadFile(t)
		if err != nil {
			continue // it has ended since
		}
		// The state follows the name, which is in parentheses and may hold any character: proc(5).
		state := bytes.TrimSpace(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(state) > 0 && !bytes.ContainsRune([]byte("TtZX"), rune(state[0])) {
			return false
		}
	}
	return true
}

// Resume is SIGCONT.
func (s *Server) Resume() error { return s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) error {
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%v to process %d: %w", sig, s.PID(), err)
	}
	return nil
}

func (s *Server) end(sig syscall.Signal) {
	_ = s.signal(sig)
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		_ = s.signal(syscall.SIGKILL)
		<-s.done
	}
}
