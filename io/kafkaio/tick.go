package kafkaio

import "time"

// Prism makes one bundle of all partitions that are due at once, and a bundle costs about the same whatever is in it,
// for its stage spins on a processor until the worker's answer has come. So partitions look again at the ticks of one
// clock.

// clock is that of all partitions of this process, so that their ticks coincide.
var clock = time.Now()

// untilTick is how long it is to the next tick of a clock that ticks as often.
func untilTick(every time.Duration) time.Duration { return every - time.Since(clock)%every }

// idlePause is how long an empty partition is left alone, in ticks of 10, 20, 40 or 80 ms: the longer, the longer
// nothing has come, or did not come before the last poll.
func idlePause(quiet time.Duration) time.Duration {
	every := idleLeast
	for every < idleMost && quiet >= 2*every {
		every *= 2
	}
	return untilTick(every)
}
