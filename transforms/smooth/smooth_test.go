package smooth

import (
	"math"
	"testing"

	"argos"
)

// A steady drive eastwards comes out as it went in, between its fixes too.
func TestSteadyDrive(t *testing.T) {
	var records []argos.Record
	for s := range int64(30) {
		f := argos.NewFix("T", 1_767_225_600_000+1000*s, 0, 0.0001*float64(s)+1)
		records = append(records, argos.Record{Fix: f, Recorded: true})
	}
	s := Drive(records)
	for i := range records {
		if e, ok := s.Row(i); !ok || e.Time != records[i].Time || math.Abs(e.Lon-records[i].Lon) > 5e-5 {
			t.Errorf("row %d: %+v", i, e)
		}
	}
	if e, ok := s.At(records[20].Time + 500); !ok || math.Abs(e.Lon-records[20].Lon-0.00005) > 5e-5 {
		t.Errorf("between fixes: %+v", e)
	}
}
