// Package web answers questions about the fleet: a JSON API, and a page that shows raw against clean tracks. It reads
// the store and writes nothing.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"argos"
)

// requestTimeout bounds what one request may cost the store.
const requestTimeout = 5 * time.Second

// Config is what a Server needs.
type Config struct {
	Store      argos.Store
	Log        *slog.Logger          // nil: slog.Default()
	Registerer prometheus.Registerer // nil: no metrics
}

// Server serves a store. While somebody looks at the page, it counts the fleet now and then, and follows the trucks
// whose trail is drawn; the store is not read for anybody else.
type Server struct {
	store   argos.Store
	log     *slog.Logger
	watch   *watch
	handler http.Handler
	now     func() time.Time
}

// New makes a server, which Close ends.
func New(c Config) *Server {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Registerer == nil {
		c.Registerer = prometheus.NewRegistry()
	}
	s := &Server{store: c.Store, log: c.Log, watch: newWatch(c.Store, c.Log, c.Registerer), now: time.Now}
	s.handler = s.guard(s.routes(c.Registerer))
	s.watch.start()
	return s
}

// Handler serves GET and HEAD of
//
//	/                                 the page
//	/v1/trucks?bbox=W,S,E,N&limit=N   documents in a box (W > E crosses the antimeridian), or all, by id
//	/v1/trucks/{id}?track=1           one document; with its packed filter state on request
//	/v1/trucks/{id}/trail             what was raw and what came out, as far as the server has seen it happen
//	/v1/trucks/{id}/track.svg         the same as a picture
//	/healthz, /readyz                 the process is there; the store answers
//
// Every error of the API is a JSON object {"error": sentence}.
func (s *Server) Handler() http.Handler { return s.handler }

// Close stops what reads the store by itself, and waits for it. The store stays open: it is the caller's.
func (s *Server) Close() { s.watch.stop() }

func (s *Server) routes(reg prometheus.Registerer) http.Handler {
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "argos_web_request_seconds", Help: "Time to answer a request, by route and status code.",
		Buckets: []float64{.0002, .0005, .001, .002, .005, .01, .025, .05, .1, .5, 5},
	}, []string{"route", "code"})
	reg.MustRegister(seconds)
	mux := http.NewServeMux()
	for route, h := range map[string]http.Handler{
		"/{$}":                      http.HandlerFunc(s.page),
		"/assets/":                  http.HandlerFunc(asset),
		"/v1/trucks":                s.api(s.list),
		"/v1/trucks/{id}":           s.api(s.truck),
		"/v1/trucks/{id}/trail":     s.api(s.trail),
		"/v1/trucks/{id}/track.svg": s.api(s.picture),
		"/healthz":                  s.api(func(w http.ResponseWriter, _ *http.Request) error { return reply(w, map[string]string{"status": "ok"}) }),
		"/readyz":                   s.api(s.ready),
		"/":                         s.api(nowhere),
	} {
		mux.Handle(route, promhttp.InstrumentHandlerDuration(seconds.MustCurryWith(prometheus.Labels{"route": route}), h))
	}
	return mux
}

// guard is what holds for every request: it reads only, ends in time, and takes nothing else down with it.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				s.log.Error("a request made the server panic", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
				refuse(w, failure{http.StatusInternalServerError, "the server has made a mistake; its log says more"})
			}
		}()
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; "+
			"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			refuse(w, failure{http.StatusMethodNotAllowed, "only GET and HEAD are answered here"})
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	if err := s.store.Ping(r.Context()); err != nil {
		s.log.Warn("not ready", "error", err)
		return failure{http.StatusServiceUnavailable, "the store does not answer"}
	}
	return reply(w, map[string]string{"status": "ok"})
}

func nowhere(http.ResponseWriter, *http.Request) error {
	return failure{http.StatusNotFound, "there is nothing at this address"}
}
