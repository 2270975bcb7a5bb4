package audit

import "argos/ledger"

// claim is what a sender says of one fix; a sender's sequence numbers never repeat for a truck.
type claim struct {
	truck string
	seq   int64
}

// claims maps each acknowledged fix, not yet found in the log, to the time that its truck gave it.
type claims map[claim]int64

func readLedger(path string, r *Report) (claims, error) {
	acked, seen := claims{}, map[claim]ledger.Outcome{}
	ids := map[string]string{} // one copy of each truck's id for all its entries
	err := ledger.Read(path, func(e ledger.Entry) error {
		id, ok := ids[e.TruckID]
		if !ok {
			id = e.TruckID
			ids[id] = id
		}
		k := claim{id, e.Seq}
		was, again := seen[k]
		if again && was != ledger.Unknown {
			return nil // what was resolved stays so
		}
		seen[k] = e.Outcome
		if !again {
			r.Sent++
		}
		switch e.Outcome {
		case ledger.Acked:
			r.Acked++
			acked[k] = e.TS
		case ledger.Refused:
			r.Refused++
		}
		return nil
	})
	return acked, err
}
