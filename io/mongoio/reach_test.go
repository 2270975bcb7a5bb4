package mongoio_test

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"argos"
)

// A reader is told at once that the port refuses, however long the search for a primary may take: else this would not
// end.
func TestRefusedAtOnce(t *testing.T) {
	server := script(t, nil)
	s := open(t, server.uri+"?serverSelectionTimeoutMS=3600000&timeoutMS=3600000")
	if _, err := s.Truck(t.Context(), "T-1"); !errors.Is(err, argos.ErrNotFound) {
		t.Fatal(err)
	}
	server.end()
	for name, read := range map[string]func(context.Context) error{
		"Truck":  func(ctx context.Context) error { _, err := s.Truck(ctx, "T-1"); return err },
		"Trucks": func(ctx context.Context) error { _, err := s.Trucks(ctx, []string{"T-1"}); return err },
		"After":  func(ctx context.Context) error { _, err := s.After(ctx, "", 1); return err },
		"Totals": func(ctx context.Context) error { _, err := s.Totals(ctx); return err },
		"Ping":   s.Ping,
	} {
		// One that was under way when the server died may be told of its connection instead, and at once, too.
		eventually(t, name+" is told that the connection is refused", func() bool {
			return errors.Is(read(t.Context()), syscall.ECONNREFUSED)
		})
	}
}
