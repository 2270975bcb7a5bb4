package track

import (
	"errors"
	"hash/crc32"
	"math"

	"argos"
	"argos/transforms/kalman"
)

// decode reads b into the zero track t and checks all that the fold relies on.
func (t *Track) decode(b []byte) error {
	switch {
	case len(b) < headSize:
		return errors.New("too short")
	case le.Uint16(b) != version:
		return errors.New("not of this version")
	case le.Uint32(b[2:]) != crc32.Checksum(b[sealSize:], castagnoli):
		return errors.New("wrong checksum")
	}
	r := reader{b: b[sealSize:]}
	t.pos = argos.Pos{Epoch: int32(r.u32()), Partition: int32(r.u32()), Next: r.i64()}
	t.recv = r.time()
	t.raw = argos.LatLon{Lat: math.Float64frombits(uint64(r.i64())), Lon: math.Float64frombits(uint64(r.i64()))}
	t.fixes, t.duplicates, t.late, t.rejected = r.count(), r.count(), r.count(), r.count()
	sizes, verdicts := r.u8(), r.u8()
	t.behind = behind{r.u8(), r.time(), r.time()}
	t.n, t.waiting = int(sizes&0xf), int(sizes>>4)
	if t.n > windowSize || t.waiting >= agreeing || t.n == 0 && t.waiting > 0 || verdicts>>t.n != 0 {
		return errors.New("impossible sizes")
	}
	if t.n > 0 {
		r.estimate(&t.anchor)
	}
	for i := range t.n {
		r.fix(&t.window[i])
		t.window[i].used = verdicts>>i&1 == 1
	}
	for i := range t.waiting {
		r.fix(&t.pending[i])
	}
	if r.bad || len(r.b) != 0 {
		return errors.New("ends in the wrong place or holds an impossible value")
	}
	return t.check()
}

// check refuses tracks that no fold makes and that would break one.
func (t *Track) check() error {
	if t.n == 0 {
		return t.checkCounts()
	}
	last := t.anchor.seen
	for i := range t.n {
		f := &t.window[i]
		if f.time < last || f.time == last && (i > 0 || t.anchor.good > 0) {
			return errors.New("fixes out of order")
		}
		last = f.time
	}
	t.anchor.corrects = t.anchor.receiver.correction(t.by(), (&fix{sigma: t.anchor.sigma}).variance())
	t.live = t.anchor
	for i := range t.n {
		if f := &t.window[i]; t.live.step(t.by(), f) != f.used {
			return errors.New("verdicts that are not the filter's")
		}
	}
	return t.checkCounts()
}

// checkCounts compares the counts with the fixes held: each of those was counted, and may be counted otherwise later.
func (t *Track) checkCounts() error {
	const most = maxCount / 2 // so that none overflows for long
	var least struct{ fixes, rejected int64 }
	if t.anchor.good > 0 {
		least.fixes++
	}
	for i := range t.n {
		if t.window[i].used {
			least.fixes++
		} else {
			least.rejected++
		}
	}
	least.rejected += int64(t.waiting)
	switch {
	case t.fixes < least.fixes, t.duplicates < 0, t.late < 0, t.rejected < least.rejected,
		max(t.fixes, t.duplicates, t.late, t.rejected) > most:
		return errors.New("impossible counts")
	case t.n == 0 && t.fixes+t.duplicates+t.late > 0:
		return errors.New("fixes without a trace")
	case t.n > 0 && t.anchor.good == 0 && !t.window[0].used:
		return errors.New("a start that was not used")
	}
	return nil
}

// reader takes values off the head of b. One that is not there, or that no track holds, sets bad.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if len(r.b) < n {
		r.bad, r.b = true, make([]byte, fullSize)
	}
	x := r.b[:n]
	r.b = r.b[n:]
	return x
}

func (r *reader) u8() byte    { return r.take(1)[0] }
func (r *reader) u16() uint16 { return le.Uint16(r.take(2)) }
func (r *reader) u32() uint32 { return le.Uint32(r.take(4)) }
func (r *reader) i64() int64  { return int64(le.Uint64(r.take(8))) }

func (r *reader) time() int64 {
	x := r.take(timeSize)
	return int64(le.Uint32(x)) | int64(le.Uint16(x[4:]))<<32
}

// float takes a number between the bounds.
func (r *reader) float(low, high float32) float32 {
	x := math.Float32frombits(r.u32())
	r.bad = r.bad || !(x >= low && x <= high)
	return x
}

// place takes a latitude and a longitude.
func (r *reader) place() (lat, lon int32) {
	lat, lon = int32(r.u32()), int32(r.u32())
	r.bad = r.bad || lat > 90*e7 || lat < -90*e7 || lon > 180*e7 || lon < -180*e7
	return lat, lon
}

func (r *reader) fix(f *fix) {
	f.time = r.time()
	f.lat, f.lon = r.place()
	f.sigma = r.sigma()
	f.motion = r.motion()
}

func (r *reader) sigma() uint16 {
	s := r.u16()
	r.bad = r.bad || s < 10*minSigma || s > 10*maxSigma
	return s
}

// motion takes a speed and the course that goes with it.
func (r *reader) motion() motion {
	m := motion{r.u16(), r.u16()}
	r.bad = r.bad || m.course != notReported && (m.course > 36_000 || m.speed == notReported)
	return m
}

func (r *reader) vector() vector { return vector{int16(r.u16()), int16(r.u16())} }

func (r *reader) count() int64 { return int64(r.u32()) | int64(r.u8())<<32 }

// finite takes a number.
func (r *reader) finite() float32 { return r.float(-math.MaxFloat32, math.MaxFloat32) }

func (r *reader) receiver(d *receiver) {
	d.white, d.learned = r.float(leastPart/2, mostPart*2), r.u8()
	d.drift = r.vector()
	for _, x := range d.numbers() {
		*x = r.finite()
	}
	r.bad = r.bad || d.learned > manyFixes || !(d.slow > 0) || d.turned < 0 || d.told < 0 || d.went < 0 || d.steps < 0
}

func (r *reader) sample(s *sample) {
	s.time = r.time()
	s.lat, s.lon = r.place()
	s.motion = r.motion()
	flags := r.u8()
	s.used, s.n, s.dt = flags&0x80 != 0, flags&0x7f, r.u16()
	for i := range s.ways {
		s.ways[i] = r.vector()
	}
	r.bad = r.bad || s.n > 4
}

func (r *reader) standstill(s *standstill) {
	s.since = r.time()
	s.lat, s.lon = r.place()
	n := r.u16()
	s.told, s.n = n>>15 == 1, n&math.MaxInt16
	for _, x := range s.sums() {
		*x = r.finite()
	}
	r.bad = r.bad || s.n == 0
}

func (r *reader) estimate(e *estimate) {
	flags := r.u8()
	e.good, e.rejects, e.repeats, e.again = flags&3, flags>>2&0xf, flags>>6&1 == 1, flags>>7 == 1
	e.seen = r.time()
	if e.good == 0 {
		r.bad = r.bad || flags != 0
		return
	}
	e.lat, e.lon = r.place()
	e.motion, e.sigma = r.motion(), r.sigma()
	e.pace, e.left = r.vector(), r.u32()
	e.interval = math.Float32frombits(uint32(r.u16()) << 16)
	r.bad = r.bad || !(e.interval >= 0 && e.interval <= 2*maxInterval)
	e.time, e.fixed, e.since = r.time(), r.time(), r.time()
	e.leap = [2]float32{r.finite(), r.finite()}
	e.agility = r.float(1e-3, 1e3)
	e.innovation = [2]int8{int8(r.u8()), int8(r.u8())}
	r.receiver(&e.receiver)
	r.sample(&e.sample)
	r.standstill(&e.standstill)
	lat, lon := r.place()
	e.touch(lat, lon)
	r.filter(&e.kf)
	r.bad = r.bad || e.good > agreeing || e.rejects > reacquireFixes || e.time > e.seen || e.fixed > e.time ||
		e.since > e.fixed || !e.kf.Definite()
}

func (r *reader) filter(kf *kalman.Filter) {
	for i := range kf.X {
		for j := range kf.X[i] {
			kf.X[i][j] = float64(r.finite())
		}
	}
	for i := range kf.P {
		for j := i; j < len(kf.P); j++ {
			p := float64(r.finite())
			kf.P[i][j], kf.P[j][i] = p, p
		}
	}
}
