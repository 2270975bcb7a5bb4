package kafkaio

import (
	"errors"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

// TestEpochOfACheckpoint: a source that a runner restores from before the topic was remade reads nothing.
func TestEpochOfACheckpoint(t *testing.T) {
	f := &readFn{Config: ReadConfig{Job: t.Name(), Epoch: 7, Starts: []int64{0, 0, 0, 50}, Spread: true}}
	if r := f.CreateInitialRestriction(element(7, 3)); r.Start != 50 {
		t.Errorf("partition 3 begins at %d", r.Start)
	}
	old := element(6, 3)
	rt := f.CreateTracker(f.CreateInitialRestriction(old))
	_, err := f.ProcessElement(f.CreateWatermarkEstimator(50), rt, old, func(beam.EventTime, int64, []byte) { t.Error("a poll") })
	if !errors.Is(err, ErrEpoch) {
		t.Error(err)
	}
}
