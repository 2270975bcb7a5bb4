package evaluate

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"argos"
	"argos/transforms/track"
	"argos/truth"
)

// Feed is what a fleet sent, in the order of its arrival; of where its vehicles really were nothing is known.
type Feed struct {
	Name    string
	Records []argos.Record
	Refused []error // of the rows that are no fixes
}

// FeedReport is what was measured of a feed: how far the live documents are from the reports that they answer.
//
// A new fix is one that has a place, is later than all before of its vehicle, and is counted as neither duplicate nor
// late. Shares are of the new fixes, those of duplicates, late and rejected of the rows.
type FeedReport struct {
	Feed      string `json:"feed"`
	ThinnedTo Number `json:"thinned_to_s"` // 0: as it came
	Rows      int    `json:"rows"`
	Refused   int    `json:"refused"`
	Vehicles  int    `json:"vehicles"`
	New       int    `json:"new_fixes"`
	// Far is how many documents are more than FarM from the report, or have no place, which is infinitely far.
	Far     int    `json:"far"`
	Largest Number `json:"largest_m"`
	Within3 Number `json:"within_3_sigma"`
	// WrongTime is for how long, summed over the vehicles, the document spoke of another time than the newest report's.
	WrongTime  Number       `json:"wrong_time_min"`
	Statuses   FeedStatuses `json:"statuses"`
	Duplicates Number       `json:"duplicates"`
	Late       Number       `json:"late"`
	Rejected   Number       `json:"rejected"`
	Worst      []FeedAnswer `json:"worst"`
}

// FarM is the distance in metres beyond which a document is no answer to the report.
const FarM = 200

// FeedStatuses are the shares of new fixes whose document says so.
type FeedStatuses struct {
	Tentative Number `json:"tentative"`
	Moving    Number `json:"moving"`
	Stopped   Number `json:"stopped"`
}

// FeedAnswer is the document after a new fix.
type FeedAnswer struct {
	Vehicle string    `json:"vehicle"`
	Time    time.Time `json:"time"` // the report's
	Off     Number    `json:"off_m"`
	Sigma   Number    `json:"sigma_m"`
	Status  string    `json:"status"`
}

// Thin leaves of each vehicle's records those at least so long after the one kept before.
func (f *Feed) Thin(every time.Duration) Feed {
	out := Feed{Name: f.Name, Refused: f.Refused}
	kept := map[string]int64{}
	for _, r := range f.Records {
		if last, seen := kept[r.TruckID]; !seen || r.Time-last >= every.Milliseconds() {
			kept[r.TruckID] = r.Time
			out.Records = append(out.Records, r)
		}
	}
	return out
}

// ByTime is the feed in the order of its reports' times, as if each had come at once.
func (f *Feed) ByTime() Feed {
	out := Feed{Name: f.Name + " by time", Records: slices.Clone(f.Records), Refused: f.Refused}
	for i := range out.Records {
		out.Records[i].Recv = out.Records[i].Time
	}
	slices.SortStableFunc(out.Records, func(a, b argos.Record) int { return cmp.Compare(a.Time, b.Time) })
	return out
}

// vehicle is a vehicle of a feed as it goes.
type vehicle struct {
	track  track.Track
	doc    argos.Truck
	heard  bool
	newest argos.Fix // the latest report with a place
	wrong  bool      // the document speaks of another time
}

// fold folds a record, and says whether it is a new fix.
func (v *vehicle) fold(r *argos.Record, next int64) bool {
	duplicates, late := v.doc.Duplicates, v.doc.Late
	v.track.Fold(r, argos.Pos{Next: next})
	v.track.Fill(&v.doc)
	place := r.Valid && !(r.Lat == 0 && r.Lon == 0)
	later := place && (!v.heard || r.Time > v.newest.Time)
	if later {
		v.newest, v.heard = r.Fix, true
	}
	v.wrong = v.heard && v.doc.Time != v.newest.Time
	return later && v.doc.Duplicates == duplicates && v.doc.Late == late
}

// Measure folds each vehicle's records as live ones and compares each document with the report just folded.
func (f *Feed) Measure() FeedReport {
	out := FeedReport{Feed: f.Name, Rows: len(f.Records) + len(f.Refused), Refused: len(f.Refused)}
	fleet := map[string]*vehicle{}
	within := 0
	var statuses [3]int
	var wrongMs int64
	for i := range f.Records {
		r := &f.Records[i]
		v := fleet[r.TruckID]
		if v == nil {
			v = &vehicle{}
			fleet[r.TruckID] = v
		}
		if v.wrong {
			wrongMs += r.Recv - v.doc.Recv
		}
		if !v.fold(r, int64(i)+1) {
			continue
		}
		out.New++
		statuses[v.doc.Status]++
		off := math.Inf(1) // of a document without a place
		if !math.IsNaN(v.doc.Lat) {
			off = truth.Distance(argos.LatLon{Lat: v.doc.Lat, Lon: v.doc.Lon}, argos.LatLon{Lat: r.Lat, Lon: r.Lon})
		}
		if off > FarM {
			out.Far++
		}
		if off <= 3*v.doc.Accuracy {
			within++
		}
		out.Largest = max(out.Largest, Number(off))
		out.keepWorst(FeedAnswer{
			r.TruckID, time.UnixMilli(r.Time).UTC(), Number(off), Number(v.doc.Accuracy), v.doc.Status.String(),
		})
	}
	out.Vehicles = len(fleet)
	out.Within3 = share(within, out.New)
	out.WrongTime = Number(float64(wrongMs) / 60_000)
	out.Statuses = FeedStatuses{
		Tentative: share(statuses[argos.Tentative], out.New),
		Moving:    share(statuses[argos.Moving], out.New),
		Stopped:   share(statuses[argos.Stopped], out.New),
	}
	var duplicates, late, rejected int64
	for _, v := range fleet {
		duplicates, late, rejected = duplicates+v.doc.Duplicates, late+v.doc.Late, rejected+v.doc.Rejected
	}
	out.Duplicates = share(int(duplicates), len(f.Records))
	out.Late = share(int(late), len(f.Records))
	out.Rejected = share(int(rejected), len(f.Records))
	return out
}

// keepWorst keeps the ten answers that are furthest off, the worst first.
func (r *FeedReport) keepWorst(a FeedAnswer) {
	const most = 10
	at, _ := slices.BinarySearchFunc(r.Worst, a, func(a, b FeedAnswer) int { return cmp.Compare(b.Off, a.Off) })
	if at < most {
		r.Worst = slices.Insert(r.Worst, at, a)
		r.Worst = r.Worst[:min(len(r.Worst), most)]
	}
}

// Print writes the report for people.
func (r *FeedReport) Print(w io.Writer) {
	thinned := ""
	if r.ThinnedTo > 0 {
		thinned = fmt.Sprintf(", one report in %v", time.Duration(float64(r.ThinnedTo)*float64(time.Second)))
	}
	fmt.Fprintf(w, "%s%s: %d rows (%d refused) of %d vehicles, %d new fixes\n",
		r.Feed, thinned, r.Rows, r.Refused, r.Vehicles, r.New)
	fmt.Fprintf(w, "  document > %d m from the report: %d, %.2f %%; largest %.0f m; within 3 claimed sigma %s\n",
		FarM, r.Far, 100*float64(share(r.Far, r.New)), float64(r.Largest), r.Within3.tenths())
	fmt.Fprintf(w, "  document of another time than the newest report: %.0f vehicle-minutes\n", float64(r.WrongTime))
	fmt.Fprintf(w, "  tentative %s, moving %s, stopped %s; of all rows duplicate %s, late %s, rejected %s\n",
		r.Statuses.Tentative.tenths(), r.Statuses.Moving.tenths(), r.Statuses.Stopped.tenths(),
		r.Duplicates.tenths(), r.Late.tenths(), r.Rejected.tenths())
	for _, a := range r.Worst {
		fmt.Fprintf(w, "  %8s m off, sigma %5s m, %-9s %s  %s\n",
			a.Off.fixed(0), a.Sigma.fixed(1), a.Status, a.Time.Format(time.DateTime), a.Vehicle)
	}
}
