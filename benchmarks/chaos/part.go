package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"argos/rig"
)

// restartAfter is what a service manager takes to start again what has ended.
const restartAfter = time.Second

// part is a process that faults happen to.
type part struct {
	name   string
	admin  string // address of its metrics, of a role
	launch func(context.Context) (*rig.Server, error)
	*rig.Server
}

// role is argos in a role, running once it has said a sentence.
func (s *system) role(running, admin string, args ...string) *part {
	return &part{name: args[0], admin: admin, launch: func(ctx context.Context) (*rig.Server, error) {
		return rig.Launch(ctx, said(running), s.binary, append(args, "--admin", admin)...)
	}}
}

func said(sentence string) func(string) bool {
	return func(line string) bool { return strings.Contains(line, sentence) }
}

func (p *part) begin(ctx context.Context) error {
	server, err := p.launch(ctx)
	if err != nil {
		return fmt.Errorf("start the %s: %w", p.name, err)
	}
	p.Server = server
	return nil
}

// atLast starts a part, again and again for a while as a service manager would: on a busy machine what it needs may be slow to come.
func (p *part) atLast(ctx context.Context) error {
	err := p.begin(ctx)
	if err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if p.again(ctx) == nil {
		return nil
	}
	return err
}

// again starts a part that has ended, as often as that takes: what it needs may be down, too.
func (p *part) again(ctx context.Context) error {
	for {
		if err := pause(ctx, restartAfter); err != nil {
			return err
		}
		err := p.begin(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
	}
}

func killed(ctx context.Context, p *part) error {
	p.Kill()
	return p.again(ctx)
}

func terminated(ctx context.Context, p *part) error {
	p.Stop()
	return p.again(ctx)
}

// frozen stops a process in its tracks: its sockets stay open and nobody answers.
func frozen(ctx context.Context, p *part, d time.Duration) error {
	if err := p.Pause(); err != nil {
		return err
	}
	if err := pause(ctx, d); err != nil {
		return err
	}
	return p.Resume()
}

func down(ctx context.Context, p *part, d time.Duration) error {
	p.Stop()
	if err := pause(ctx, d); err != nil {
		return err
	}
	return p.begin(ctx)
}
