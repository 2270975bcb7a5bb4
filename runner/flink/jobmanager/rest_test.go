package jobmanager

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestSentence: the innermost cause of a trace, without Java's class names.
func TestSentence(t *testing.T) {
	for trace, want := range map[string]string{
		"java.lang.RuntimeException: outer\n\tat a.b(C.java:1)\nCaused by: java.io.IOException: Cannot run program \"/x\": error=2, No such file or directory\n\tat d\n": `Cannot run program "/x": error=2, No such file or directory`,
		"java.lang.IllegalStateException: Process died with exit code 78":                                                                                                "Process died with exit code 78",
		"plain": "plain",
		"org.apache.flink.util.FlinkException: java.lang.Exception: both": "both",
		"": "",
	} {
		if got := Sentence(trace); got != want {
			t.Errorf("%q: %q, want %q", trace, got, want)
		}
	}
}

// TestRefusals: whatever else answers at the address is named as such.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		is     error
		says   string
	}{
		"another server":  {200, "<html>", nil, "is not Flink's job manager"},
		"none of its own": {404, "404 page not found", nil, "HTTP status 404"},
		"unknown job":     {404, `{"errors":["org.apache.flink.runtime.rest.NotFoundException: Job abc not found"]}`, ErrUnknownJob, "does not know the job"},
		"its own words":   {500, `{"errors":["Internal server error.","<java.lang.Exception: no\n\tat x\nCaused by: java.lang.Exception: why not>"]}`, nil, "why not"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			w.Write([]byte(c.body))
		}))
		_, err := At(s.Listener.Addr().String()).Job(t.Context(), "abc")
		if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		s.Close()
	}
}

func TestNewestOfAJob(t *testing.T) {
	var c Checkpoints
	if c.Newest() != nil {
		t.Error("one out of none")
	}
	c.Latest.Completed = &Checkpoint{Path: "file:/c/chk-1", Taken: 1}
	c.Latest.Savepoint = &Checkpoint{Path: "file:///c/savepoint", Taken: 2}
	if n := c.Newest(); n == nil || n.Path != "file:///c/savepoint" {
		t.Error(n)
	}
	c.Latest.Completed.Taken = 3
	if n := c.Newest(); n == nil || n.Path != "file:///c/chk-1" {
		t.Error(n)
	}
	c.Latest.Savepoint, c.Latest.Completed.Path = nil, "<checkpoint-not-externally-addressable>"
	if n := c.Newest(); n != nil {
		t.Error(n)
	}
}
