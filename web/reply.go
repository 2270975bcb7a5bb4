package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"argos"
)

// failure is what a client is told.
type failure struct {
	code     int
	sentence string
}

func (f failure) Error() string { return f.sentence }

// api turns the errors of a handler into answers. A handler writes nothing before it knows that it will not fail.
func (s *Server) api(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			refuse(w, s.explain(r, err))
		}
	})
}

// explain says what a client may know of an error. The rest goes to the log.
func (s *Server) explain(r *http.Request, err error) failure {
	var f failure
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, argos.ErrNotFound):
		return failure{http.StatusNotFound, "no such truck has been heard of"}
	case errors.Is(err, argos.ErrBadFix):
		return failure{http.StatusBadRequest, "that is no truck id: it has 1 to 64 letters, digits and . _ : -"}
	case r.Context().Err() != nil && errors.Is(r.Context().Err(), context.Canceled):
		return failure{http.StatusServiceUnavailable, "the request was given up"} // and nobody reads this
	case errors.Is(err, context.DeadlineExceeded):
		s.log.Warn("request timed out", "path", r.URL.Path, "after", requestTimeout)
		return failure{http.StatusServiceUnavailable, "the store has not answered in time"}
	}
	s.log.Error("request failed", "path", r.URL.Path, "error", err)
	if errors.Is(err, argos.ErrDocument) {
		return failure{
			http.StatusInternalServerError,
			"the store has a document that can't be read; the log of this server names it",
		}
	}
	return failure{
		http.StatusServiceUnavailable,
		"the store can't be read at present; the log of this server has the reason",
	}
}

func reply(w http.ResponseWriter, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%w: %w", argos.ErrDocument, err) // of what argos writes, everything can be shown
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(append(b, '\n'))
	return nil
}

func refuse(w http.ResponseWriter, f failure) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.code)
	// Marshal cannot fail on a map of strings.
	b, _ := json.Marshal(map[string]string{"error": f.sentence})
	w.Write(append(b, '\n'))
}
