package traceio

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"argos"
)

// nameTracks makes trucks of tracks: a file has one truck, whose tracks follow one another, unless two of them are at
// the same hours, which no truck can be. Then each name is a truck, and each track without a name; two of one name that
// are at the same hours are two as well. The note says so; it is empty when all are of one truck, and the rows are left
// as they were.
func nameTracks(rows []Row, names []string) (note string) {
	spans := spansOf(rows, len(names))
	if !overlap(spans) {
		return ""
	}
	slices.SortFunc(spans, earlier)
	trucks := make([]string, len(names)) // of each track
	byName := map[string][]*trackTruck{}
	ids := map[string]bool{}
	var all []string
	for _, s := range spans {
		name := strings.TrimSpace(names[s.track])
		i := slices.IndexFunc(byName[name], func(t *trackTruck) bool { return name != "" && t.until <= s.from })
		if i < 0 {
			t := &trackTruck{id: freeID(name, s.track, ids)}
			ids[t.id], all = true, append(all, t.id)
			i, byName[name] = len(byName[name]), append(byName[name], t)
		}
		t := byName[name][i]
		t.until = max(t.until, s.to)
		trucks[s.track] = t.id
	}
	for i := range rows {
		rows[i].Fix.TruckID = trucks[rows[i].track]
	}
	return fmt.Sprintf("it has tracks of the same hours, so they are of %d trucks: %s", len(all), list(all))
}

// trackTruck is a truck that was made of tracks, and when the last of them ends.
type trackTruck struct {
	id    string
	until int64 // ms
}

// span is when a track is, but for the twentieth of its rows at either end: clocks start wrong, and loggers repeat
// rows.
type span struct {
	track    int
	from, to int64 // ms
}

func earlier(a, b span) int {
	return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.track, b.track))
}

// spansOf returns those of the tracks that have rows.
func spansOf(rows []Row, tracks int) (spans []span) {
	times := make([][]int64, tracks)
	for i := range rows {
		if r := &rows[i]; r.Err == nil {
			times[r.track] = append(times[r.track], r.Fix.Time)
		}
	}
	for i, t := range times {
		if len(t) == 0 {
			continue
		}
		slices.Sort(t)
		cut := len(t) / 20
		spans = append(spans, span{i, t[cut], t[len(t)-1-cut]})
	}
	return spans
}

// overlap says whether two of the spans have more than an end in common.
func overlap(spans []span) bool {
	ordered := slices.SortedFunc(slices.Values(spans), earlier)
	for i := 1; i < len(ordered); i++ {
		if ordered[i].from < ordered[i-1].to {
			return true
		}
		ordered[i].to = max(ordered[i].to, ordered[i-1].to)
	}
	return false
}

// freeID is a truck's id after a track's name, or else its number, that no other has.
func freeID(name string, track int, taken map[string]bool) string {
	if name == "" {
		name = fmt.Sprintf("track-%d", track)
	}
	base := safeID(name)
	id := base[:min(len(base), argos.MaxTruckID)]
	for n := 2; taken[id]; n++ {
		suffix := fmt.Sprintf("-%d", n)
		id = base[:min(len(base), argos.MaxTruckID-len(suffix))] + suffix
	}
	return id
}

// list names a few.
func list(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
