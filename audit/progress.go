package audit

import "sync/atomic"

// Progress is how far a reading has come; it may be looked at while it goes on.
type Progress struct {
	Ledger atomic.Int64 // entries read
	Log    atomic.Int64 // records read
	End    atomic.Int64 // records to read, when that is known
}
