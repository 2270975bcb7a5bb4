package track

// What the fold judges by, with the reason of each. What a truck, a clock or a receiver can do is here; what only
// recorded drives can tell is in Recipe, is fitted by `go run ./benchmarks/fit`, and stays if drives of other sources
// than those it was fitted to gain by it (docs/CLEANING.md).
const (
	windowSize = 8 // fixes that can still be reordered: real disorder spans a few fixes, and eight fit the packed form
	agreeing   = 3 // fixes that must agree before a track is believed, or a recording believed to be elsewhere in time

	mostDOP = 50.0 // receivers write 99.99 or 127 for "no idea"

	huberSigmas = 2.0 // beyond it an innovation counts for less (Huber 1964), or is a manoeuvre
	gateSigmas  = 5.0 // beyond it a fix is rejected; also how sure a wrong unit must be

	fastest = 50.0 // m/s: two fixes that would need more are not of one drive
	hardest = 8.0  // m/s²: no truck brakes or turns harder

	reacquireFixes = 9       // consistent rejects in a row: it is the track that is wrong
	silence        = 15_000  // ms without a fix after which the past says nothing of the present; rejects, too
	gapIntervals   = 5       // the same in reporting intervals, for slow reporters
	unknownGap     = 600_000 // ms: the same while the interval is unknown; slow trackers report each few minutes
	doubtTime      = 60_000  // ms for which a place that was leapt to is in doubt: multipath lasts so long at most
	clockFixes     = 5       // fixes in a row by which a clock that was put back is believed

	standingSpeed = 0.3 // m/s: what a receiver reports of a truck that stands
	walkingSpeed  = 1.0 // m/s: what is surely slower, by a line through its fixes, stands

	learnWithin = 2.5   // s between two fixes from which a receiver is learned: over longer the truck hides it
	memory      = 300.0 // s of driving that the receiver's ways are learned from
	manyFixes   = 20    // by which something is known of it; from then on older ones fade. Half of them tell a little
)

// Recipe is the numbers that benchmarks/fit moves. A track is the same wherever it is folded, so all but that folds by
// the usual one.
type Recipe struct {
	Sigma float64 // m per axis at HDOP 1, nominal, of a receiver that says nothing of its accuracy

	Accel        float64 // m²/s³, white acceleration of a usual truck
	Agility      float64 // exponent by which an innovation that goes on with the one before raises what a truck does
	AgilityRange float64 // how many times more or less than usual a truck may do

	Velocity  float64 // m/s per axis, noise of a reported velocity
	Reflected float64 // the same for each metre of the receiver's slow error: what bends positions bends velocities
	Still     float64 // m/s per axis, by which a truck that stands is held

	White float64 // share of the nominal variance that is new in each fix, before it is known
	Learn float64 // weight of a fix in that share, once it is
	Slow  float64 // m² per axis, of the receiver's slow error before it is known
	Decay float64 // s, the slow error's correlation time

	// the slow error of a receiver whose velocities do not tell it: SlowShare times what is new in each fix, and
	// SlowMost (m per axis, for HDOP 1) at most
	SlowShare, SlowMost float64

	LagPrior float64 // s, 1 sigma of an unknown lag between positions and velocities
	Wheels   float64 // 1 sigma of the scale of reported speeds
}

// usual is the recipe. Nothing writes to it.
var usual = Recipe{
	Sigma: 4,
	Accel: 4, Agility: 0.08, AgilityRange: 4,
	Velocity: 0.24, Reflected: 0.2, Still: 0.075,
	White: 0.5, Learn: 0.075, Slow: 8, Decay: 20,
	SlowShare: 50, SlowMost: 3.7,
	LagPrior: 0.12, Wheels: 0.02,
}

// mostLag is the longest lag (s) that is one: more is another fault.
func (r *Recipe) mostLag() float64 { return gateSigmas * r.LagPrior }

// Usual is the recipe that tracks are folded by.
func Usual() Recipe { return usual }

// Track is a truck never heard of that is folded by this recipe, which may not change any more. It is for comparison:
// what it packs to is read back as of the usual one.
func (r *Recipe) Track() Track { return Track{recipe: r} }

// by is the recipe that the track is folded by.
func (t *Track) by() *Recipe {
	if t.recipe != nil {
		return t.recipe
	}
	return &usual
}
