package jobmanager

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestSavepointOutlivesAQuestion: a question after the savepoint that has no answer is asked again; one that says
// that it failed, or that the job is gone, is the end.
func TestSavepointOutlivesAQuestion(t *testing.T) {
	for name, c := range map[string]struct {
		answers []string // to one question after the other, the last to all that follow; "": hangs up
		says    string   // the error; "": none
	}{
		"no answers in between": {[]string{`{"status":{"id":"IN_PROGRESS"}}`, "", "<html>", `{"status":{"id":"COMPLETED"},"operation":{"location":"file:/s/1"}}`}, ""},
		"it failed":             {[]string{"", `{"status":{"id":"COMPLETED"},"operation":{"failure-cause":{"stack-trace":"x.Y: no room"}}}`}, "no room"},
		"the job is gone":       {[]string{`{"errors":["x.NotFoundException: y"]}`}, "does not know the job"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					w.Write([]byte(`{"request-id":"1"}`))
					return
				}
				a := c.answers[min(int(asked.Add(1)), len(c.answers))-1]
				switch {
				case a == "":
					panic(http.ErrAbortHandler)
				case strings.Contains(a, "NotFound"):
					w.WriteHeader(http.StatusNotFound)
				}
				w.Write([]byte(a))
			}))
			defer s.Close()
			path, err := At(s.Listener.Addr().String()).Stop(t.Context(), "j", "")
			if c.says == "" && (err != nil || path != "file:///s/1") ||
				c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("%q, %v", path, err)
			}
		})
	}
}

// TestSavepointEndsWithItsContext: also while nobody answers.
func TestSavepointEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Write([]byte(`{"request-id":"1"}`))
			return
		}
		cancel()
		panic(http.ErrAbortHandler)
	}))
	defer s.Close()
	if _, err := At(s.Listener.Addr().String()).Savepoint(ctx, "j", ""); err == nil || ctx.Err() == nil {
		t.Error(err)
	}
}
