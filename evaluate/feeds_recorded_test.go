package evaluate_test

import (
	"path/filepath"
	"testing"
	"time"

	"argos/evaluate"
	"argos/truth/truthtest"
)

// TestFeeds: of trucks and buses that report each minute or two, as they arrived, in order of time, and thinned to one
// report an hour, the document is where the truck last said that it is.
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
				if r.New == 0 || 1000*r.Far > r.New || !(r.Within3 >= 0.97) || !(r.Largest <= 1000) {
					t.Errorf("%s: of %d new fixes %d > %d m off, %.1f %% within 3 sigma, largest %.0f m",
						r.Feed, r.New, r.Far, evaluate.FarM, 100*r.Within3, r.Largest)
				}
			}
		}
	}
	if found == 0 {
		t.Skip("no feeds here")
	}
}
