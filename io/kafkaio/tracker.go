package kafkaio

import (
	"math"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/rtrackers/offsetrange"
)

func init() {
	beam.RegisterType(reflect.TypeOf((*tracker)(nil)).Elem())
}

// endless is the end of a partition's restriction. Claiming it ends the source.
const endless = int64(math.MaxInt64)

// tracker follows the claims of a partition's offsets. It lets itself be checkpointed, but not be split while it runs:
// the rest of a partition must not be read beside its beginning.
type tracker struct {
	rest    offsetrange.Restriction
	claimed int64 // the last one
	done    bool
}

func newTracker(r offsetrange.Restriction) *tracker {
	return &tracker{rest: r, claimed: r.Start - 1, done: r.Start >= r.End}
}

// TryClaim takes everything up to an offset, an int64.
func (t *tracker) TryClaim(pos any) bool {
	o := pos.(int64)
	if t.done || o >= t.rest.End {
		t.done = true
		return false
	}
	t.claimed = o
	return true
}

func (t *tracker) TrySplit(fraction float64) (primary, residual any, err error) {
	if t.done || fraction > 0 {
		return t.rest, nil, nil
	}
	residual = offsetrange.Restriction{Start: t.claimed + 1, End: t.rest.End}
	t.rest.End = t.claimed + 1
	t.done = true
	return t.rest, residual, nil
}

func (t *tracker) GetError() error                 { return nil }
func (t *tracker) GetProgress() (float64, float64) { return float64(t.claimed + 1 - t.rest.Start), 1 }
func (t *tracker) IsDone() bool                    { return t.done || t.claimed+1 >= t.rest.End }
func (t *tracker) GetRestriction() any             { return t.rest }
func (t *tracker) IsBounded() bool                 { return false }
