package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"path"
	"strings"
	"time"

	"argos"
)

// maxListed is how many trucks the page lists at once; "next" leads to the others.
const maxListed = 200

//go:embed assets
var assets embed.FS

var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"thousands": thousands,
	"known":     func(x float64) bool { return !math.IsNaN(x) },
	"kmh":       func(x float64) string { return fmt.Sprintf("%.0f", math.Abs(x)*3.6) },
	"fixed":     func(digits int, x float64) string { return fmt.Sprintf("%.*f", digits, x) },
	"clock":     func(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05 UTC") },
}).ParseFS(assets, "assets/page.html"))

// view is what the page shows.
type view struct {
	Totals   argos.Totals
	Trucks   []argos.Truck
	First    bool   // the list begins with the first truck
	Next     string // where the next page of the list begins, or ""
	After    string // where this one does
	Asked    string // the truck asked for by name
	Problem  string // why it is not shown
	Selected *argos.Truck
	now      time.Time
}

// Age is how long ago the store took a document, in words.
func (v view) Age(updated int64) string {
	d := max(v.now.Sub(time.UnixMilli(updated)), 0)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

// Unlisted is how many trucks the list leaves out.
func (v view) Unlisted() int { return max(int(v.Totals.Trucks)-len(v.Trucks), 0) }

func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	v, err := s.view(r)
	if err != nil {
		refuse(w, s.explain(r, err))
		return
	}
	var page bytes.Buffer
	if err := pageTemplate.Execute(&page, v); err != nil {
		panic(fmt.Errorf("draw the page: %w", err)) // the template is wrong
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(page.Bytes())
}

func (s *Server) view(r *http.Request) (view, error) {
	q, err := parseQuery(r.URL.RawQuery, "truck", "after")
	if err != nil {
		return view{}, err
	}
	v := view{After: q["after"], First: q["after"] == "", Asked: strings.TrimSpace(q["truck"]), now: s.now()}
	v.Totals = s.watch.totals(r.Context())
	if v.Trucks, err = s.store.After(r.Context(), v.After, maxListed+1); err != nil {
		return view{}, err
	}
	if len(v.Trucks) > maxListed {
		v.Trucks = v.Trucks[:maxListed]
		v.Next = v.Trucks[maxListed-1].ID
	}
	s.watch.trails.listed(v.Trucks)
	// The list may be ahead of the totals by what came since they were counted.
	v.Totals.Trucks = max(v.Totals.Trucks, int64(len(v.Trucks)))
	switch {
	case v.Asked != "":
		t, err := s.store.Truck(r.Context(), v.Asked)
		switch {
		case errors.Is(err, argos.ErrNotFound):
			v.Problem = "No truck of this name has been heard of."
		case err != nil:
			return view{}, err
		default:
			v.Selected = &t
		}
	case len(v.Trucks) > 0:
		v.Selected = &v.Trucks[0]
	}
	return v, nil
}

func asset(w http.ResponseWriter, r *http.Request) {
	switch path.Base(r.URL.Path) {
	case "page.css", "page.js":
		http.ServeFileFS(w, r, assets, "assets/"+path.Base(r.URL.Path))
	default:
		refuse(w, failure{http.StatusNotFound, "there is nothing at this address"})
	}
}

// thousands groups the digits of a count by narrow spaces.
func thousands(n any) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}
