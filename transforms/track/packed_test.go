package track

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"argos"
)

// fullTrack is a track whose packed form is the longest there is.
func fullTrack() *Track {
	var t Track
	for i := range 40 {
		r := at(float64(i), 20*float64(i), 0)
		r.Speed, r.Heading, r.Accuracy = 20, 90, 6
		t.Fold(&r, pos(i))
	}
	for i := range agreeing - 1 {
		r := at(10_000+float64(i), 900, 0)
		r.Recorded = true
		t.Fold(&r, pos(40+i))
	}
	return &t
}

func TestSizeIsBounded(t *testing.T) {
	tr := fullTrack()
	if n := len(tr.Append(nil)); n != fullSize || n > MaxSize {
		t.Errorf("the longest packed track has %d bytes, want %d and at most %d", n, fullSize, MaxSize)
	}
	if n := len((&Track{}).Append(nil)); n != headSize {
		t.Errorf("an empty track packs into %d bytes, want %d", n, headSize)
	}
}

func TestDecodeRefusesDamage(t *testing.T) {
	good := fullTrack().Append(nil)
	refused := func(what string, b []byte) {
		t.Helper()
		tr := *fullTrack()
		if err := tr.Decode(b); !errors.Is(err, argos.ErrEncoding) {
			t.Errorf("%s: %v", what, err)
		} else if !bytes.Equal(tr.Append(nil), (&Track{}).Append(nil)) {
			t.Errorf("%s: the track is not zero after an error", what)
		}
	}
	for i := range good {
		refused("truncated", good[:i])
		b := bytes.Clone(good)
		b[i] ^= 0x10
		refused("one bit flipped", b)
	}
	refused("longer", append(bytes.Clone(good), 0))
	refused(
		"foreign",
		[]byte(
			`{"truck_id":"T-17","ts":1700000000123,"lat":51.9,"lon":4.5,"padding":"................................"}`,
		),
	)
	refused("another version", append([]byte{0xa7, 0x01}, good[2:]...))
}

// What a checksum cannot tell: a writer that packs a state which cannot be filtered on.
func TestDecodeRefusesImpossibleTracks(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, spoil := range map[string]func(*Track){
		"NaN position":         func(t *Track) { t.anchor.kf.X[0][0] = nan },
		"infinite velocity":    func(t *Track) { t.anchor.kf.X[1][1] = inf },
		"NaN variance":         func(t *Track) { t.anchor.kf.P[2][2] = nan },
		"zero variance":        func(t *Track) { t.anchor.kf.P[0][0] = 0 },
		"infinite covariance":  func(t *Track) { t.anchor.kf.P[0][2] = inf },
		"NaN interval":         func(t *Track) { t.anchor.interval = float32(nan) },
		"interval of a year":   func(t *Track) { t.anchor.interval = 3e7 },
		"NaN share":            func(t *Track) { t.anchor.receiver.white = float32(nan) },
		"no slow error":        func(t *Track) { t.anchor.receiver.slow = 0 },
		"negative sum":         func(t *Track) { t.anchor.receiver.turned = -1 },
		"NaN sum":              func(t *Track) { t.anchor.receiver.product = float32(nan) },
		"learned too much":     func(t *Track) { t.anchor.receiver.learned = manyFixes + 1 },
		"sample too even":      func(t *Track) { t.anchor.sample.n = 5 },
		"line without a fix":   func(t *Track) { t.anchor.standstill.n = 0 },
		"infinite line":        func(t *Track) { t.anchor.standstill.zz = float32(inf) },
		"NaN leap":             func(t *Track) { t.anchor.leap[0] = float32(nan) },
		"no agility":           func(t *Track) { t.anchor.agility = 0 },
		"origin off the earth": func(t *Track) { t.anchor.originLat = 91 * e7 },
		"fix off the earth":    func(t *Track) { t.window[2].lon = -181 * e7 },
		"sigma of nothing":     func(t *Track) { t.window[2].sigma = 0 },
		"course of no speed":   func(t *Track) { t.window[2].motion = motion{notReported, 9000} },
		"course beyond north":  func(t *Track) { t.window[2].course = 36_001 },
		"fixes out of order":   func(t *Track) { t.window[2].time = t.window[1].time },
		"fix before the rest":  func(t *Track) { t.anchor.seen = t.window[0].time },
		"fix after its time":   func(t *Track) { t.anchor.time = t.anchor.seen + 1 },
		"used after its time":  func(t *Track) { t.anchor.fixed = t.anchor.time + 1 },
		"begun after its time": func(t *Track) { t.anchor.since = t.anchor.fixed + 1 },
		"verdict of another":   func(t *Track) { t.window[2].used = !t.window[2].used },
		"too well founded":     func(t *Track) { t.anchor.good = agreeing + 1 },
		"run too long":         func(t *Track) { t.anchor.rejects = reacquireFixes + 1 },
		"too few fixes":        func(t *Track) { t.fixes = 3 },
		"too few rejected":     func(t *Track) { t.rejected = agreeing - 2 },
		"unused start":         func(t *Track) { t.anchor, t.window[0].used, t.rejected = estimate{}, false, 99 },
		"negative count":       func(t *Track) { t.late = -1 },
		"count near overflow":  func(t *Track) { t.duplicates = maxCount },
	} {
		tr := fullTrack()
		spoil(tr)
		if err := new(Track).Decode(tr.Append(nil)); !errors.Is(err, argos.ErrEncoding) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzDecode gives every input a right checksum, so that the checks behind it are met. What is accepted must pack into
// the same bytes, and the life that it describes must go on.
func FuzzDecode(f *testing.F) {
	f.Add((&Track{}).Append(nil))
	f.Add(fullTrack().Append(nil))
	var young Track
	for i := range 5 {
		r := at(float64(i), 3000*float64(i%2), 0)
		young.Fold(&r, pos(i))
		f.Add(young.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var tr Track
		if err := tr.Decode(b); err != nil && !errors.Is(err, argos.ErrEncoding) {
			t.Fatal(err)
		}
		if len(b) < sealSize {
			return
		}
		b = bytes.Clone(b)
		le.PutUint16(b, version)
		seal(b)
		if tr.Decode(b) != nil {
			return
		}
		if !bytes.Equal(tr.Append(nil), b) {
			t.Fatal("accepted bytes do not pack into themselves")
		}
		if tr.Rev() > maxCount/4 {
			return // a number of records that no life reaches, near the bound of what is accepted
		}
		var doc argos.Truck
		for i := range 20 {
			r := at(float64(i), 30*float64(i), 0)
			r.Time = max(r.Time, tr.live.seen) + int64(i)
			p := tr.Pos()
			p.Next = max(p.Next, p.Next+1)
			tr.Fold(&r, p)
			tr.Fill(&doc)
			onEarth(t, &doc)
			if err := new(Track).Decode(doc.Track); err != nil {
				t.Fatalf("the track goes on to what cannot be decoded: %v", err)
			}
		}
	})
}
