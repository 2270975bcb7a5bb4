package kafkaio

import (
	"bytes"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"argos"
)

// TestEncodedTrackerGoesOn: trackers that are packed and unpacked between any two parts move the mark as those in
// memory do.
func TestEncodedTrackerGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.Int64Range(0, 1000).Draw(t, "start")
		memory, state := markTracker{mark: start}, (&markTracker{mark: start}).pack()
		for range rapid.IntRange(1, 40).Draw(t, "parts") {
			of := rapid.Int32Range(1, 20).Draw(t, "of")
			from := start + 10*rapid.Int64Range(0, 5).Draw(t, "poll")
			p := argos.Part{From: from, To: from + 10, Of: of, Index: rapid.Int32Range(0, of-1).Draw(t, "index")}
			var unpacked markTracker
			if err := unpacked.decode(state); err != nil {
				t.Fatal(err)
			}
			moved, err := memory.add(p)
			again, errAgain := unpacked.add(p)
			if moved != again || (err == nil) != (errAgain == nil) || memory.mark != unpacked.mark {
				t.Fatalf("%+v: %v, %v, mark %d in memory; %v, %v, mark %d in state", p, moved, err, memory.mark, again, errAgain, unpacked.mark)
			}
			state = unpacked.pack()
		}
	})
}

func FuzzBooks(f *testing.F) {
	w := markTracker{mark: 7}
	for _, p := range []argos.Part{{From: 7, To: 9, Of: 9, Index: 8}, {From: 20, To: 30, Of: 1}, {From: 9, To: 20, Of: 2}} {
		if _, err := w.add(p); err != nil {
			f.Fatal(err)
		}
		f.Add(w.pack())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var w, again markTracker
		if w.decode(b) != nil {
			return
		}
		if err := again.decode(w.pack()); err != nil || !reflect.DeepEqual(w, again) {
			t.Fatalf("%v: %+v became %+v", err, w, again)
		}
		if len(w.polls) < 2 && len(b) > 0 && b[0] == encodingVersion && !bytes.Equal(w.pack()[:9], b[:9]) {
			t.Fatal("another head")
		}
	})
}
