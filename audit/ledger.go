package audit

import "argos/ledger"

// claim is what a sender says of one fix; a sender's sequence numbers never repeat for a truck.
type claim struct {
	truck string
	seq   int64
}

// claims are the fixes in a ledger that were not refused.
type claims map[claim]found

// found is what is known of a claim.
type found struct {
	ts    int64 // ms, the time that its truck gave the fix
	acked bool
	inLog bool
}

func readLedger(path string, r *Report) (claims, error) {
	sent, refused := claims{}, map[claim]struct{}{}
	ids := map[string]string{} // one copy of each truck's id for all its entries
	err := ledger.Read(path, func(e ledger.Entry) error {
		id, ok := ids[e.TruckID]
		if !ok {
			id = e.TruckID
			ids[id] = id
		}
		k := claim{id, e.Seq}
		was, again := sent[k]
		if _, over := refused[k]; over || was.acked {
			return nil // what was resolved stays so
		}
		if !again {
			r.Sent++
		}
		switch e.Outcome {
		case ledger.Acked:
			r.Acked++
		case ledger.Refused:
			r.Refused++
			refused[k] = struct{}{}
			delete(sent, k)
			return nil
		}
		sent[k] = found{ts: e.TS, acked: e.Outcome == ledger.Acked}
		return nil
	})
	return sent, err
}
