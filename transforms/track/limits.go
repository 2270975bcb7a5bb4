package track

// What the fold judges by, with the reason of each. "Recipe" is the reference filter that was measured against ground
// truth on real drives.
const (
	windowSize = 8 // fixes that can still be reordered: real disorder spans a few fixes, and eight fit the packed form
	agreeing   = 3 // fixes that must agree before a track is believed, or believed to be elsewhere in time

	processNoise  = 3.0  // m²/s³: the recipe's value for positions alone; 0.1 diverges in curves, 10 lets noise through
	startVelocity = 15.0 // m/s, 1 sigma of the unknown velocity at a start: 30 m/s of a fast truck is two of them

	baseSigma      = 4.0      // m per axis at HDOP 1, of a receiver that says nothing of its accuracy (recipe)
	filteredSigma  = 2.0      // m, the same of one that reports its speed (recipe): it has filtered already; twice lags
	minSigma       = 1.0      // m: below it the errors are correlated in time, whatever the receiver claims
	maxSigma       = 10_000.0 // m: a position by radio cell is that bad; beyond it is no statement
	radius68       = 1.51     // sigmas per axis in a 68 % radius, which is what receivers call accuracy: sqrt(-2 ln 0.32)
	meaninglessDOP = 99.0     // receivers write 99.99 or 127 for "no idea"

	huberSigmas = 2.0 // beyond it a fix counts for less (Huber 1964)
	gateSigmas  = 5.0 // beyond it a fix is rejected
	reacquireAt = 5   // mutually consistent rejects in a row: it is the track that is wrong

	fastest       = 50.0 // m/s: two fixes that would need more are not of one drive
	frozenTravel  = 3.0  // m that a truck reports to have driven without a change of coordinates: a frozen receiver
	frozenWithin  = 2.0  // s between the two: over longer the speed of one instant does not tell
	stoppedSpeed  = 0.3  // m/s, reported or by regression; the filter's own speed may not decide (it locks itself)
	regressionMin = 4    // fixes that a regression needs

	minGap        = 15_000              // ms without a fix after which the past says nothing of the present
	gapIntervals  = 5.0                 // the same in reporting intervals, for slow reporters
	unknownGap    = 600_000             // ms: the same while the interval is unknown; slow trackers report each few minutes
	maxInterval   = 24 * 3600.0         // s: parked trailers report daily
	intervalShare = 0.25                // weight of the newest interval in their running mean
	maxTime       = 1<<(8*timeSize) - 1 // ms: what the packed form can tell; the year 10,889
)
