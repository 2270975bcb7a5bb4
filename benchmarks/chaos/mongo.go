package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"argos/rig"
)

// A MongoDB that is given: its address, and the shell commands that kill it as kill -9 does, suspend it as SIGSTOP
// does, and have it answer again after either. The database argos_chaos_NUMBER of it is used.
const (
	mongoAddress = "ARGOS_TEST_MONGO"
	mongoKill    = "ARGOS_TEST_MONGO_KILL"
	mongoStop    = "ARGOS_TEST_MONGO_STOP"
	mongoStart   = "ARGOS_TEST_MONGO_START"
)

func fullMongo() string { return os.Getenv(mongoAddress) }

// startMongo prepares a store in the MongoDB that is given, else in a server of our own.
func (s *system) startMongo(ctx context.Context) error {
	address := fullMongo()
	if address == "" {
		begin := rig.StartMongo
		if s.durable {
			begin = rig.StartMongoOnDisk
		}
		m, err := begin(ctx, s.path("store"))
		if errors.Is(err, rig.ErrMissing) {
			return fmt.Errorf("%w: %w", errNotHere, err)
		}
		if err != nil {
			return err
		}
		s.mongo = &part{name: "mongo", Server: m.Server, launch: func(ctx context.Context) (*rig.Server, error) {
			err := m.Start(ctx)
			return m.Server, err
		}}
		address = m.URI
	}
	u, err := url.Parse(address)
	if err != nil || strings.Contains(u.Host, ",") {
		return fmt.Errorf("%w: one host is wanted, for the proxy: %w", errNotHere, err)
	}
	q := u.Query()
	q.Set("directConnection", "true")
	u.RawQuery = q.Encode()
	u.Path = fmt.Sprintf("/argos_chaos_%d", time.Now().UnixNano())
	s.store = u.String()
	if s.persist, err = newLink(cmp.Or(u.Host, "127.0.0.1:27017")); err != nil {
		return err
	}
	u.Host = s.persist.addr
	s.storedAt = u.String()
	return nil
}

func mongoFrozen(ctx context.Context, s *system) error {
	if s.mongo != nil {
		return frozen(ctx, s.mongo, freeze)
	}
	return byCommands(ctx, mongoStop, freeze)
}

func mongoKilled(ctx context.Context, s *system) error {
	if s.mongo != nil {
		return killed(ctx, s.mongo)
	}
	return byCommands(ctx, mongoKill, restartAfter)
}

// byCommands does to the given server what a command says, and has it answer again after a while.
func byCommands(ctx context.Context, fault string, d time.Duration) error {
	for _, name := range []string{fault, mongoStart} {
		if os.Getenv(name) == "" {
			return fmt.Errorf(
				"%w: %s wants the command that does it to the server at %s",
				errNotHere,
				name,
				mongoAddress,
			)
		}
	}
	if err := shell(ctx, fault); err != nil {
		return err
	}
	return errors.Join(pause(ctx, d), shell(ctx, mongoStart))
}

// shell runs the command in a variable, also when the run is being ended: a suspended server is not left behind.
func shell(ctx context.Context, variable string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	//nolint:gosec // the command is the operator's own
	if out, err := exec.CommandContext(ctx, "sh", "-c", os.Getenv(variable)).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", variable, err, out)
	}
	return nil
}
