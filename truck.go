package argos

// Status says what the track knows of its truck.
type Status uint8

// A track is tentative until consecutive fixes have agreed, after its start and after each gap.
const (
	Tentative Status = iota
	Moving
	Stopped
)

func (s Status) String() string {
	switch s {
	case Moving:
		return "moving"
	case Stopped:
		return "stopped"
	default:
		return "tentative"
	}
}

// ParseStatus is the inverse of Status.String.
func ParseStatus(s string) (Status, bool) {
	for _, x := range [...]Status{Tentative, Moving, Stopped} {
		if x.String() == s {
			return x, true
		}
	}
	return Tentative, false
}

// Pos is a place in the log: everything of a partition below Next, in a topic's life number Epoch.
type Pos struct {
	Epoch     int32 // counts how often the topic was remade under the same name
	Partition int32
	Next      int64 // the offset after the last record folded
}

// Compare orders two places in the log of one truck, which lives in one partition of an epoch: -1, 0 or +1.
func (p Pos) Compare(q Pos) int {
	switch {
	case p.Epoch != q.Epoch:
		if p.Epoch < q.Epoch {
			return -1
		}
		return 1
	case p.Next < q.Next:
		return -1
	case p.Next > q.Next:
		return 1
	}
	return 0
}

// LatLon is a position in WGS 84 degrees; NaN when there is none.
type LatLon struct{ Lat, Lon float64 }

// Truck is a truck's live document: what its records up to Pos fold into.
//
// Rev counts those records (Fixes + Duplicates + Late + Rejected), so a Rev names one prefix of the truck's log and one
// content: the store keeps the highest and refuses the rest.
type Truck struct {
	ID       string
	Rev      int64
	Pos      Pos
	Time     int64   // ms: the time that the state below speaks of
	Recv     int64   // ms: when the gateway took the newest record in
	Lat, Lon float64 // cleaned position; NaN before the first accepted fix
	Raw      LatLon  // the last record's own position
	Speed    float64 // m/s, cleaned; NaN when unknown
	Heading  float64 // degrees, cleaned; NaN when unknown, as at a standstill
	Accuracy float64 // m, per-axis 1 sigma of Lat, Lon; NaN when unknown
	Status   Status

	Fixes, Duplicates, Late, Rejected int64

	Attrs   []byte // of the last record that had any; nil in an upsert leaves the stored ones
	Updated int64  // ms: when the store took the document, by its own clock if it has one; not part of the fold
	Track   []byte // the packed filter state
}
