package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// readyCmd is the health check of images that hold no other program than this one.
type readyCmd struct {
	URL string `arg:"" help:"What to ask, such as http://127.0.0.1:9101/readyz."`
}

func (readyCmd) Help() string {
	return `Exit code 0 when the answer is 200; else 1, and the answer is the reason.

Example:
  argos ready http://127.0.0.1:9101/readyz`
}

// readyWithin is more than a role takes to find out.
const readyWithin = 8 * time.Second

func (c readyCmd) Run(ctx context.Context, t terminal) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return fmt.Errorf("address to ask: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	defer resp.Body.Close()
	const reason = 4 << 10 // bytes; a reason is a sentence
	body, err := io.ReadAll(io.LimitReader(resp.Body, reason))
	if err != nil {
		return fmt.Errorf("not ready: read the answer of %s: %w", c.URL, err)
	}
	said := strings.TrimSpace(string(body))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s: %s", resp.Status, said)
	}
	fmt.Fprintln(t.out, said)
	return nil
}
