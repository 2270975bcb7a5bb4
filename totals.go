package argos

// Totals are the sums over all documents of a store.
type Totals struct {
	Trucks                            int64
	Fixes, Duplicates, Late, Rejected int64
}
