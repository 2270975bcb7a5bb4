package track

import (
	"testing"

	"argos"
)

// received is a fix that came in at another time (s) than its clock says.
func received(clock, recv, east float64) argos.Record {
	r := at(clock, east, 0)
	r.Recv = epoch2026 + int64(1000*recv)
	return r
}

// A clock that is put back by minutes, or that comes back after a while ahead, is followed within ten fixes, live and
// in recordings.
func TestClockStepsAreFollowed(t *testing.T) {
	for _, step := range []float64{-300, -40, -12, 12, 45} {
		for _, interval := range []float64{1, 5, 30} {
			for _, recording := range []bool{false, true} {
				l := life{T: t}
				fold := func(i int, clock float64) argos.Truck {
					s := interval * float64(i)
					r := received(s+clock, s, 20*s)
					r.Recorded = recording
					return l.fold(r)
				}
				for i := range 40 {
					fold(i, 0)
				}
				follows := func(from int, clock float64) {
					t.Helper()
					for i := from; i < from+40; i++ {
						d := fold(i, clock)
						want := epoch2026 + int64(1000*(interval*float64(i)+clock))
						if i >= from+10 && d.Time != want {
							t.Fatalf(
								"step %v s, each %v s, recording %v: fix %d after it leaves the document %d ms off",
								step,
								interval,
								recording,
								i-from,
								d.Time-want,
							)
						}
					}
				}
				follows(40, step)
				follows(80, 0)
			}
		}
	}
}

// One fix from ahead does not hold a truck up, and no backlog throws it back, whatever the order that it comes in.
func TestOneWrongStampAndBacklogs(t *testing.T) {
	l := life{T: t}
	l.drive(0, 40)
	l.fold(received(95, 41, 820))
	for s := 42; s < 52; s++ {
		l.fold(received(float64(s), float64(s), 20*float64(s)))
	}
	l.is("after a stamp a minute ahead", l.fold(received(52, 52, 1040)), 52, 1040, argos.Moving, 52, 0, 0, 1)
	for _, newestFirst := range []bool{true, false} {
		l := life{T: t}
		l.drive(0, 40)
		l.drive(141, 150)
		for i := range 100 {
			clock := float64(41 + i)
			if newestFirst {
				clock = float64(140 - i)
			}
			if d := l.fold(received(clock, 150+0.02*float64(i), 20*clock)); d.Time != epoch2026+150_000 {
				t.Fatalf(
					"newest first %v: the backlog's fix of %v s takes the document to %d",
					newestFirst,
					clock,
					d.Time-epoch2026,
				)
			}
		}
	}
}
