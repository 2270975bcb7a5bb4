package track

// begin starts a life with these fixes, counted as rejected so far, in time order. Their time starts after floor, yet
// no further back than a silence of unknown meaning may last.
func (t *Track) begin(floor int64, fixes ...*fix) {
	t.anchor = estimate{seen: max(floor, fixes[0].time-unknownGap)}
	t.n = 0
	for _, f := range fixes {
		t.window[t.n] = *f
		t.n++
	}
	t.filter()
}

// insert puts a fix, counted as rejected so far, in its place among those since the anchor.
func (t *Track) insert(f *fix) {
	i := t.n
	for ; i > 0 && t.window[i-1].time > f.time; i-- {
		t.window[i] = t.window[i-1]
	}
	t.window[i] = *f
	t.n++
	if i < t.n-1 {
		t.filter()
		return
	}
	t.judge(i)
	if t.n > windowSize {
		t.anchor.step(t.by(), &t.window[0])
		t.shift()
	}
}

// filter judges all fixes since the anchor anew.
func (t *Track) filter() {
	t.live = t.anchor
	full := t.n > windowSize
	for i := range t.n {
		t.judge(i)
		if i == 0 && full {
			t.anchor = t.live
		}
	}
	if full {
		t.shift()
	}
}

// judge takes a fix of the window into the live estimate, and corrects what it was counted as.
func (t *Track) judge(i int) {
	f := &t.window[i]
	used := t.live.step(t.by(), f)
	switch {
	case used && !f.used:
		t.fixes++
		t.rejected--
	case !used && f.used:
		t.fixes--
		t.rejected++
	}
	f.used, f.verdict = used, t.live.verdict
}

// shift drops the oldest fix of the window, which the anchor has taken in.
func (t *Track) shift() {
	t.n--
	copy(t.window[:t.n], t.window[1:])
}
