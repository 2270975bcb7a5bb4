package kafkaio

import (
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/sdf"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/rtrackers/offsetrange"
)

var _ sdf.BoundableRTracker = (*tracker)(nil)

func TestTrackerIsCheckpointedAfterItsClaim(t *testing.T) {
	tr := newTracker(offsetrange.Restriction{Start: 10, End: endless})
	if tr.IsDone() || tr.IsBounded() || !tr.TryClaim(int64(14)) {
		t.Fatal("a fresh tracker must be claimable and unbounded")
	}
	for _, f := range []float64{0.1, 0.5, 1} {
		if _, residual, err := tr.TrySplit(f); residual != nil || err != nil {
			t.Fatalf("split at %v gave %v, %v: a running partition must not be split", f, residual, err)
		}
	}
	primary, residual, err := tr.TrySplit(0)
	if err != nil || primary != (offsetrange.Restriction{Start: 10, End: 15}) || residual != (offsetrange.Restriction{Start: 15, End: endless}) {
		t.Fatalf("checkpoint gave %v and %v, %v", primary, residual, err)
	}
	if !tr.IsDone() || tr.TryClaim(int64(15)) {
		t.Fatal("after a checkpoint the rest belongs to another")
	}
}

func TestTrackerWithoutClaim(t *testing.T) {
	tr := newTracker(offsetrange.Restriction{Start: 10, End: endless})
	if _, residual, _ := tr.TrySplit(0); residual != (offsetrange.Restriction{Start: 10, End: endless}) || !tr.IsDone() {
		t.Fatalf("the residual is %v, want all of it", residual)
	}
}

func TestTrackerEnds(t *testing.T) {
	tr := newTracker(offsetrange.Restriction{Start: 10, End: endless})
	if tr.TryClaim(endless) || !tr.IsDone() || tr.GetError() != nil {
		t.Fatal("claiming the end must end the source without an error")
	}
	if _, residual, _ := tr.TrySplit(0); residual != nil {
		t.Fatalf("an ended source left %v", residual)
	}
	if !newTracker(offsetrange.Restriction{Start: 5, End: 5}).IsDone() {
		t.Fatal("a truncated restriction has nothing to do")
	}
}
