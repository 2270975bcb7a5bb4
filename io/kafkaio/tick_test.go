package kafkaio

import (
	"testing"
	"testing/synctest"
	"time"
)

// Whatever their looks are apart, partitions are due at the same ticks, and those of a longer pause are ticks of the
// shorter ones too.
func TestPartitionsAreDueTogether(t *testing.T) {
	defer func(at time.Time) { clock = at }(clock)
	synctest.Test(t, func(t *testing.T) {
		clock = time.Now()
		for _, c := range []struct{ quiet, every time.Duration }{
			{0, 10 * time.Millisecond},
			{19 * time.Millisecond, 10 * time.Millisecond},
			{20 * time.Millisecond, 20 * time.Millisecond},
			{79 * time.Millisecond, 40 * time.Millisecond},
			{80 * time.Millisecond, 80 * time.Millisecond},
			{time.Hour, 80 * time.Millisecond},
		} {
			for range 50 {
				time.Sleep(3337 * time.Microsecond)
				pause := idlePause(c.quiet)
				if due := time.Now().Add(pause).Sub(clock); pause <= 0 || pause > c.every || due%c.every != 0 {
					t.Fatalf(
						"after %v without a record, %v after the start, the next look is in %v: want one within %v, at a tick",
						c.quiet,
						time.Since(clock),
						pause,
						c.every,
					)
				}
			}
		}
	})
}
