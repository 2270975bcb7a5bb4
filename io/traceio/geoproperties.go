package traceio

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// timesOf finds a line's times; those of a MultiLineString are a list a line.
func timesOf(properties map[string]json.RawMessage) (times []json.RawMessage, err error) {
	var inner map[string]json.RawMessage
	if p, ok := properties["coordinateProperties"]; ok && json.Unmarshal(p, &inner) == nil {
		if inner, err := timesOf(inner); inner != nil {
			return inner, err
		}
	}
	for _, name := range []string{"coordTimes", "times", "timestamps"} {
		list, ok := properties[name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(list, &times); err != nil {
			return nil, fmt.Errorf("%s is no list: %w", name, mismatch(err))
		}
		if len(times) > 0 && strings.HasPrefix(string(times[0]), "[") {
			var lists [][]json.RawMessage
			if err := json.Unmarshal(list, &lists); err != nil {
				return nil, fmt.Errorf("%s is no list of lists: %w", name, mismatch(err))
			}
			return slices.Concat(lists...), nil
		}
		return times, nil
	}
	return nil, nil
}

// placed is the row of a position: longitude, latitude, perhaps altitude.
func placed(at string, tick int64, position []float64) (r Row) {
	if len(position) < 2 {
		r.Err = errors.New("a position has fewer than two numbers")
		return r
	}
	r = place(at, tick, position[1], position[0])
	if len(position) > 2 {
		r.Fix.Alt = position[2]
	}
	return r
}

// resolve finds the fields among properties.
func (f *features) resolve(properties map[string]json.RawMessage) *[fieldCount]column {
	names := slices.Sorted(maps.Keys(properties))
	key := strings.Join(names, "\n")
	if at := f.columns[key]; at != nil {
		return at
	}
	if len(f.columns) >= 100 { // each feature has others
		clear(f.columns)
	}
	at := new([fieldCount]column)
	for field := range fieldCount {
		at[field] = usual(field, names, nil)
	}
	f.columns[key] = at
	return at
}

// valuesOf are the properties' values in the order of their names; lists and objects are empty.
func valuesOf(properties map[string]json.RawMessage) []string {
	cells := make([]string, 0, len(properties))
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		value := properties[name]
		if len(value) > 0 && (value[0] == '[' || value[0] == '{') {
			value = nil
		}
		cells = append(cells, unquoted(value))
	}
	return cells
}
