package track

// What the fold judges by, with the reason of each. "Drives" are values chosen by hand on the recorded
// drives with survey-grade truth, and checked by `go run ./benchmarks/fit`; docs/CLEANING.md has the figures.
const (
	windowSize = 8 // fixes that can still be reordered: real disorder spans a few fixes, and eight fit the packed form
	agreeing   = 3 // fixes that must agree before a track is believed, or believed to be elsewhere in time

	startVelocity = 15.0 // m/s, 1 sigma of the unknown velocity at a start: 30 m/s of a fast truck is two of them

	baseSigma      = 4.0    // m per axis at HDOP 1, of a receiver that says nothing of its accuracy
	filteredSigma  = 2.0    // m, the same of one that reports its speed: it has filtered already
	minSigma       = 1.0    // m: no vehicle's receiver is better, whatever it claims
	maxSigma       = 6500.0 // m: a position by radio cell is that bad; beyond it is no statement
	radius68       = 1.51   // sigmas per axis in a 68 % radius, which is what receivers call accuracy: sqrt(-2 ln 0.32)
	meaninglessDOP = 99.0   // receivers write 99.99 or 127 for "no idea"

	huberSigmas     = 2.0 // beyond it a fix counts for less (Huber 1964)
	doubtAlone      = 2.2 // the same of one that tells no speed; drives, flat from 2.1 to 2.4
	gateSigmas      = 5.0 // beyond it a fix is rejected
	reacquireAt     = 5   // mutually consistent rejects in a row: it is the track that is wrong
	reacquireSpeeds = 8   // the same while the fixes' speeds carry the track on

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

	spell         = 1.0  // s for which an acceleration lasts, at least: drives' own has 0.1 to 0.4 m²/s³ over 1 s and 0.7 to 1.5 over 10 s
	velocityLasts = 1.0  // s for which the error of a reported velocity stays
	minInterval   = 0.02 // s between fixes; what comes faster counts as that
	shrinks       = 2.0  // times less nominal variance than before: the slow error is another one

	learnWithin    = 2.5      // s between two fixes from which a device is learned: over longer the vehicle's own changes hide it
	learnSpeed     = 1.0      // m/s: a receiver that stands still shows no errors (many hold their position then)
	learnNoise     = 10_000.0 // m²: positions rougher than that teach nothing of lags and slow errors
	learnShare     = 0.02     // of a fix in the white share: receivers change their ways within minutes, as streets do
	learnTime      = 150      // s of driving that the slow error's size is the mean of
	hardest        = 10.0     // m/s²: no truck brakes harder; a velocity that does is wrong
	comparedEnough = 30       // steps of reported speeds against positions, after which a ratio is known to 6 % at least
	comparedPath   = 100.0    // m², the sum of their squares: not of a truck that stands
	alike          = 0.9      // squared correlation of both, above which it is only the unit that differs
	wrongUnit      = 0.3      // of the path: knots, miles and km/h differ by half and more, slopes and slip by far less
	scalePrior     = 20_000.0 // m², paths squared, after which a scale of 2 % shows through 2 m of noise
	lagPrior       = 0.3      // s, 1 sigma of an unknown lag: what phones show
	lagTime        = 600      // s of driving that the lag is estimated from
	lagWorth       = 0.05     // s: lags below are not told from none
	lagMost        = 0.6      // s: more is another fault
	velocityLag    = 0.3      // s that the velocity of a receiver which filters lags behind the truth itself
	minShare       = 1e-3     // bounds of the shares that are learned: from 3 % of the nominal sigma
	maxShare       = 16.0     // to four of them
)

// Recipe is the numbers that benchmarks/fit moves, or that go with those. A track is the same wherever it is folded, so all but that
// folds by the usual one.
type Recipe struct {
	Accel      float64 // m²/s³, white acceleration of a vehicle whose speed is reported, over long
	AccelAlone float64 // the same of one that reports positions alone, at a crawl
	Cruise     float64 // m/s at which that is half as much, for one that reports each second

	// a reported velocity's noise
	Along, AlongShare float64 // along the course: m/s, and as a share of the speed
	Across, Course    float64 // across it: m/s, and in radians of the course
	Standing          float64 // m/s per axis at a reported standstill
	Reflected         float64 // added to each: m/s a metre of the receiver's slow error; what bends positions bends velocities

	// what a receiver's error is made of before it is known, as shares of its nominal variance
	White, Slow           float64 // of one that reports its speed: it has filtered, so its errors change slowly
	WhiteAlone, SlowAlone float64 // of one that does not: a fix tells little of the next one's error

	Decay  float64 // s, correlation time of a receiver's slow error
	Fresh  float64 // times more variance of it at a start, while the receiver settles
	Spread float64 // variance of the slow error over that of what is seen of it
	Rough  float64 // what the rough errors add to what is seen, over what they would if each were new
	Common float64 // m per axis that no fix tells of: it stays through a drive
}

// usual is the recipe. Nothing writes to it.
var usual = Recipe{
	Accel:      3,   // drives: with 1 a truck that leaves a fast road between two slow reports is rejected, 6 lets noise of positions through
	AccelAlone: 3.5, // drives, flat from 3 to 4: less lags in turns, more follows noise
	Cruise:     14,  // drives, flat from 14 to 16: turns are slow, and what is fast keeps its speed for a while

	Along: 0.1, AlongShare: 0.005, Across: 0.1, Course: 0.01, // drives: phones' Doppler speed under an open sky
	Standing:  0.3,  // drives, flat: a reported zero means less than stoppedSpeed
	Reflected: 0.26, // drives: velocities among houses are off by 0.4 to 1 m/s for seconds, where positions are off by 3 to 6 m

	White: 0.3, Slow: 2, // drives: 1.1 m and 2.8 m at HDOP 1; learned within minutes
	WhiteAlone: 0.5, SlowAlone: 0.08, // drives: 2.8 m and 1.1 m

	Decay:  20,   // drives: the errors' autocorrelation falls to 1/e within 15 to 30 s in all sets
	Fresh:  2,    // first fixes are off by more than the usual: a cold receiver converges
	Spread: 2.4,  // drives, by the claimed accuracy; a Gauss-Markov process alone has 2
	Rough:  1.6,  // drives, by the claimed accuracy: rough errors last for a fix or two
	Common: 0.57, // drives, by the claimed accuracy: orbits, ionosphere, the antenna's place
}

// Usual is the recipe that tracks are folded by.
func Usual() Recipe { return usual }

// Track is a truck never heard of that is folded by this recipe, which may not change any more. It is for comparison: what it packs to
// is read back as of the usual one.
func (r *Recipe) Track() Track { return Track{recipe: r} }

// by is the recipe that the track is folded by.
func (t *Track) by() *Recipe {
	if t.recipe != nil {
		return t.recipe
	}
	return &usual
}
