package web

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"argos"
)

// Limits of a list.
const (
	defaultLimit = 1000
	maxLimit     = 10_000
)

func bad(format string, args ...any) error {
	return failure{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// parseQuery reads a query of parameters that may each be given once. One that is not known is refused by its name, so
// that a misspelt box does not become the whole fleet.
func parseQuery(raw string, known ...string) (map[string]string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, bad("the query is not URL-encoded: %v", err)
	}
	q := make(map[string]string, len(values))
	for name, vs := range values {
		switch {
		case !slices.Contains(known, name):
			return nil, bad("the parameter %q is not known here; known are: %s", name, named(known))
		case len(vs) > 1:
			return nil, bad("the parameter %s is given %d times", name, len(vs))
		}
		q[name] = vs[0]
	}
	return q, nil
}

func named(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// parseList reads what /v1/trucks is asked: a box, or nil for everywhere, and how many at most.
func parseList(raw string) (box *argos.Box, limit int, err error) {
	q, err := parseQuery(raw, "bbox", "limit")
	if err != nil {
		return nil, 0, err
	}
	limit = defaultLimit
	if v, ok := q["limit"]; ok {
		if limit, err = strconv.Atoi(v); err != nil || limit < 1 || limit > maxLimit {
			return nil, 0, bad("limit=%q: want a number from 1 to %d", v, maxLimit)
		}
	}
	if v, ok := q["bbox"]; ok {
		b, err := parseBox(v)
		if err != nil {
			return nil, 0, err
		}
		box = &b
	}
	return box, limit, nil
}

func parseBox(v string) (argos.Box, error) {
	var b argos.Box
	parts := strings.Split(v, ",")
	if len(parts) != 4 {
		return b, bad("bbox=%q: want west,south,east,north in degrees, and there are %d values", v, len(parts))
	}
	for i, dst := range [...]*float64{&b.West, &b.South, &b.East, &b.North} {
		x, err := strconv.ParseFloat(parts[i], 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return b, bad("bbox=%q: %q is not a number", v, parts[i])
		}
		*dst = x
	}
	if err := b.Check(); err != nil {
		return b, bad("bbox=%q: %v", v, err)
	}
	return b, nil
}
