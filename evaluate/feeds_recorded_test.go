package evaluate_test

import (
	"path/filepath"
	"testing"
	"time"

	"argos/evaluate"
	"argos/truth/truthtest"
)

// TestFeeds: of trucks and buses that report each minute or two, as they arrived, in order of time, and thinned to one report an hour, the
// document is where the truck last said that it is.
func TestFeeds(t *testing.T) {
	found := 0
	for _, folder := range truthtest.Folders(t) {
		for _, name := range []string{"trucks-jerseycity", "buses-capmetro"} {
			feed, err := evaluate.ReadFeed(filepath.Join(folder, name))
			if err != nil {
				continue // not in this folder
			}
			found++
			byTime := feed.ByTime()
			for _, f := range []evaluate.Feed{feed, byTime, feed.Thin(time.Hour), byTime.Thin(time.Hour)} {
				r := f.Measure()
				if r.Fixes == 0 || 1000*r.Far > r.Fixes || 100*r.Within3 < 97*r.Fixes || r.Worst[0].Off > 1000 {
					t.Errorf("%s: of %d new fixes %d > 200 m off, %d within 3 sigma, worst %.0f m",
						f.Name, r.Fixes, r.Far, r.Within3, r.Worst[0].Off)
				}
			}
		}
	}
	if found == 0 {
		t.Skip("no feeds here")
	}
}
