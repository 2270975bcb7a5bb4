package main

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestReadySaysWhatTheRoleSays: 0 when it is ready, and otherwise 1 with its reason, as a health check is to be read.
func TestReadySaysWhatTheRoleSays(t *testing.T) {
	var down error
	role := httptest.NewServer(admin{reg: prometheus.NewRegistry(), ready: func(context.Context) error { return down }}.handler())
	ask := func() (int, string, string) {
		var out, errs strings.Builder
		code := run(t.Context(), []string{"ready", role.URL + "/readyz"}, &out, &errs)
		return code, out.String(), errs.String()
	}
	if code, out, errs := ask(); code != 0 || out != "ready\n" || errs != "" {
		t.Errorf("of a role that is ready: %d %q %q", code, out, errs)
	}
	down = errors.New("no leader of partition 3")
	code, _, errs := ask()
	if code != 1 {
		t.Errorf("of a role that is not: %d", code)
	}
	sentence(t, errs, "not ready: 503", "no leader of partition 3")
	role.Close()
	code, _, errs = ask()
	if code != 1 {
		t.Errorf("of a role that is gone: %d", code)
	}
	sentence(t, errs, "not ready", "refused")
}
