// Package jobmanager speaks to an Apache Flink cluster by the REST interface of its job manager: which jobs it has,
// how they fare, and where their checkpoints and savepoints are.
package jobmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ErrUnknownJob says that the job manager does not know a job: without high availability it forgets them all when it
// is restarted.
var ErrUnknownJob = errors.New("the job manager does not know the job")

// callTimeout bounds one request. A job manager that has just lost its task managers takes a while.
const callTimeout = 10 * time.Second

// Cluster is a Flink cluster, named by the REST address of its job manager.
type Cluster struct{ url string }

// At is the cluster at an address: a URL, or HOST:PORT.
func At(address string) Cluster {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	return Cluster{strings.TrimRight(address, "/")}
}

func (c Cluster) String() string { return c.url }

// Overview is what a cluster is made of.
type Overview struct {
	Version      string `json:"flink-version"`
	TaskManagers int    `json:"taskmanagers"`
	Slots        int    `json:"slots-total"`
	Free         int    `json:"slots-available"`
}

// Overview asks for it.
func (c Cluster) Overview(ctx context.Context) (o Overview, err error) {
	return o, c.call(ctx, http.MethodGet, "/overview", nil, &o)
}

// call sends a request and decodes its answer into into.
func (c Cluster) call(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var sent io.Reader = http.NoBody
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("ask Flink: %w", err)
		}
		sent = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, sent)
	if err != nil {
		return fmt.Errorf("address of Flink's job manager: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("no Flink job manager answers at %s: %w", c.url, cause(err))
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("read what Flink's job manager at %s answers: %w", c.url, err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return c.refusal(res.StatusCode, path, b)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("what answers at %s%s is not Flink's job manager: %w", c.url, path, err)
	}
	return nil
}

// cause leaves out what repeats the address.
func cause(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		err = e.Err
	}
	return err
}

// refusal is the error of an answer that is one. Flink's own words are the first line of a Java stack trace.
func (c Cluster) refusal(code int, path string, body []byte) error {
	var said struct{ Errors []string }
	if json.Unmarshal(body, &said) != nil || len(said.Errors) == 0 {
		return fmt.Errorf("what answers at %s%s is not Flink's job manager: HTTP status %d", c.url, path, code)
	}
	text := said.Errors[len(said.Errors)-1]
	if code == http.StatusNotFound && strings.Contains(text, "NotFoundException") || strings.Contains(text, "Could not find Flink job") {
		return ErrUnknownJob
	}
	return fmt.Errorf("refused by Flink: %s", Sentence(text))
}

// Sentence is the innermost reason in a Java stack trace, without the class that it is of where it says something.
func Sentence(trace string) string {
	reason := ""
	for line := range strings.Lines(trace) {
		line = strings.TrimSpace(line)
		if reason == "" && line != "" {
			reason = line
		}
		if after, is := strings.CutPrefix(line, "Caused by: "); is {
			reason = after
		}
	}
	for {
		class, rest, found := strings.Cut(reason, ": ")
		if !found || strings.ContainsAny(class, " /") || !strings.Contains(class, ".") {
			return reason
		}
		reason = rest
	}
}
