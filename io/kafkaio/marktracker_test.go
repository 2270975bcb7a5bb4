package kafkaio

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"argos"
)

// TestWaterPassesWholePollsOnly feeds the parts of many polls in any order, some of them twice, and compares with the
// plain definition: the mark is the end of the longest run of whole polls.
func TestWaterPassesWholePollsOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.Int64Range(0, 1000).Draw(t, "start")
		var polls []argos.Part // Index is unused
		var parts []argos.Part
		at := start
		for range rapid.IntRange(1, 12).Draw(t, "polls") {
			p := argos.Part{From: at, To: at + rapid.Int64Range(1, 50).Draw(t, "records"), Of: rapid.Int32Range(1, 5).Draw(t, "parts")}
			at = p.To
			polls = append(polls, p)
			for p.Index = 0; p.Index < p.Of; p.Index++ {
				for range 1 + rapid.IntRange(0, 1).Draw(t, "again") {
					parts = append(parts, p)
				}
			}
		}
		parts = rapid.Permutation(parts).Draw(t, "order")

		w := markTracker{mark: start}
		seen := map[[2]int64]bool{}
		for _, p := range parts {
			before := w.mark
			moved, err := w.add(p)
			if err != nil {
				t.Fatal(err)
			}
			seen[[2]int64{p.From, int64(p.Index)}] = true
			want := start
			for _, q := range polls {
				whole := true
				for i := range q.Of {
					whole = whole && seen[[2]int64{q.From, int64(i)}]
				}
				if !whole {
					break
				}
				want = q.To
			}
			if w.mark != want || moved != (want != before) {
				t.Fatalf("after %+v the mark is %d (moved %v), want %d", p, w.mark, moved, want)
			}
		}
		if w.mark != at || len(w.polls) != 0 {
			t.Fatalf("all parts are in: mark %d of %d, %d polls kept", w.mark, at, len(w.polls))
		}
		for _, p := range parts { // the whole again: a replay
			if moved, err := w.add(p); moved || err != nil || len(w.polls) != 0 {
				t.Fatalf("the replay of %+v: moved %v, err %v, %d polls kept", p, moved, err, len(w.polls))
			}
		}
	})
}

// TestWaterWithOtherCuts replays the log with other cuts, as a runner does that goes back to a checkpoint.
func TestWaterWithOtherCuts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const end = 60
		w := markTracker{}
		stored := [end]bool{}
		var parts []argos.Part
		for range rapid.IntRange(1, 4).Draw(t, "runs") {
			from := rapid.Int64Range(0, end-1).Draw(t, "from")
			for at := from; at < end; {
				to := min(at+rapid.Int64Range(1, 20).Draw(t, "records"), end)
				parts = append(parts, argos.Part{From: at, To: to, Of: 1})
				at = to
			}
		}
		for _, p := range rapid.Permutation(parts).Draw(t, "order") {
			if _, err := w.add(p); err != nil {
				t.Fatal(err)
			}
			for o := p.From; o < p.To; o++ {
				stored[o] = true
			}
			want := int64(0)
			for want < end && stored[want] {
				want++
			}
			if w.mark != want {
				t.Fatalf("mark %d, but offsets below %d are stored and no further", w.mark, want)
			}
		}
	})
}

func TestWaterRefusesForeignParts(t *testing.T) {
	for name, p := range map[string]argos.Part{
		"fresh from the source": {From: 10, To: 20},
		"index beyond the last": {From: 10, To: 20, Index: 2, Of: 2},
		"negative index":        {From: 10, To: 20, Index: -1, Of: 2},
		"empty":                 {From: 10, To: 10, Of: 1},
		"other number of parts": {From: 0, To: 10, Of: 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := markTracker{}
			if _, err := w.add(argos.Part{From: 0, To: 10, Of: 2}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.add(p); !errors.Is(err, argos.ErrEncoding) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// TestUnconfirmedIsWhatLiesAboveTheMark compares the running sums with the definition, restarts of the source included.
func TestUnconfirmedIsWhatLiesAboveTheMark(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p partition
		var out []sent
		at := int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"hand out": func(t *rapid.T) {
				n := rapid.IntRange(0, 9).Draw(t, "records")
				s := sent{at, at + max(int64(n), 1), 7 + at + max(int64(n), 1), n, 32 + 10*n}
				at = s.to
				out = append(out, s)
				p.handedOut(s)
			},
			"confirm": func(t *rapid.T) {
				if len(out) == 0 {
					t.Skip("nothing is out")
				}
				s := rapid.SampledFrom(out).Draw(t, "poll")
				if _, err := p.acknowledge(argos.Part{From: s.from, To: s.to, Of: 1}); err != nil {
					t.Fatal(err)
				}
				if p.time != 0 && p.time != 7+p.tracker.mark {
					t.Fatalf("the record below %d is said to be of %d", p.tracker.mark, p.time)
				}
			},
			"go back": func(t *rapid.T) {
				if len(out) == 0 {
					t.Skip("nothing is out")
				}
				i := rapid.IntRange(0, len(out)-1).Draw(t, "to poll")
				at, out = out[i].from, out[:i]
			},
			"": func(t *rapid.T) {
				records, bytes := 0, 0
				for _, s := range out {
					if s.to > p.tracker.mark {
						records, bytes = records+s.records, bytes+s.bytes
					}
				}
				if len(p.sent) > 0 && p.sent[len(p.sent)-1].to > at { // gone back, and nothing handed out since
					return
				}
				if p.records != records || p.bytes != bytes {
					t.Fatalf("unconfirmed %d records, %d bytes; want %d, %d", p.records, p.bytes, records, bytes)
				}
			},
		})
	})
}
