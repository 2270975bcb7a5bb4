package web

import (
	"bytes"
	"net/http"
	"strconv"

	"argos"
)

// ask finds the truck that a request is about.
func (s *Server) ask(r *http.Request) (argos.Truck, error) {
	id := r.PathValue("id")
	if err := argos.CheckTruckID(id); err != nil {
		return argos.Truck{}, err
	}
	return s.store.Truck(r.Context(), id)
}

func (s *Server) truck(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r.URL.RawQuery, "track")
	if err != nil {
		return err
	}
	track, given := q["track"]
	if given && track != "0" && track != "1" {
		return bad("track=%q: want 1 for the packed filter state, or 0", track)
	}
	t, err := s.ask(r)
	if err != nil {
		return err
	}
	d := newDocument(&t)
	if track == "1" {
		d.Machinery.Track = t.Track
	}
	return reply(w, d)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) error {
	box, limit, err := parseList(r.URL.RawQuery)
	if err != nil {
		return err
	}
	// One more than wanted tells whether there are more.
	var trucks []argos.Truck
	if box != nil {
		trucks, err = s.store.InBox(r.Context(), *box, limit+1)
	} else {
		trucks, err = s.store.After(r.Context(), "", limit+1)
	}
	if err != nil {
		return err
	}
	answer := struct {
		Trucks    []document `json:"trucks"`
		Truncated bool       `json:"truncated"`
	}{make([]document, 0, len(trucks)), len(trucks) > limit}
	for i := range trucks[:min(limit, len(trucks))] {
		answer.Trucks = append(answer.Trucks, newDocument(&trucks[i]))
	}
	return reply(w, answer)
}

func (s *Server) trail(w http.ResponseWriter, r *http.Request) error {
	if _, err := parseQuery(r.URL.RawQuery); err != nil {
		return err
	}
	t, err := s.ask(r)
	if err != nil {
		return err
	}
	type shown struct {
		Time     instant   `json:"time,omitzero"`
		Location *location `json:"location,omitempty"`
		Raw      *location `json:"raw,omitempty"`
		Status   string    `json:"status"`
	}
	answer := struct {
		ID     string  `json:"_id"`
		Points []shown `json:"points"`
	}{t.ID, []shown{}}
	for _, p := range s.watch.trail(&t) {
		answer.Points = append(
			answer.Points,
			shown{instant(p.time), locationOf(p.clean), locationOf(p.raw), p.status.String()},
		)
	}
	return reply(w, answer)
}

// picture draws the trail. at is ignored: the page varies it to get the picture anew.
func (s *Server) picture(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r.URL.RawQuery, "dark", "at")
	if err != nil {
		return err
	}
	colours := light
	switch q["dark"] {
	case "", "0":
	case "1":
		colours = dark
	default:
		return bad("dark=%q: want 1 for a dark background, or 0", q["dark"])
	}
	t, err := s.ask(r)
	if err != nil {
		return err
	}
	var svg bytes.Buffer
	if err := drawTrack(&svg, t.ID, s.watch.trail(&t), colours); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Length", strconv.Itoa(svg.Len()))
	w.Write(svg.Bytes())
	return nil
}
