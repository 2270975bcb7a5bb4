package kfakeio

import (
	"strconv"
	"time"
)

// The log is bounded by size, not by age. Age would at some time take a partition's last record, and kfake forgets the
// offsets of a partition without records when it starts again: the log would begin anew at 0, below the pipeline's
// marks. A bound by size always leaves the newest records.
//
// It is not larger because kfake, when it was killed, reads the whole log into memory once as it starts again.
const (
	retentionBytes = 512 << 20 // a partition: 3 million fixes or so
	retentionEvery = time.Minute
)

func topicConfig(keep int64) map[string]string {
	return map[string]string{
		"cleanup.policy":  "delete",
		"retention.bytes": strconv.FormatInt(keep, 10),
		"retention.ms":    "-1",
		"segment.bytes":   strconv.FormatInt(min(keep/8, 64<<20), 10), // whole segments are what retention can delete
	}
}

// trim takes what is above the bound off the logs' heads. kfake's own timer (log.cleaner.backoff.ms) is started only when
// a topic is made or altered, not when it is found on disk.
func (b *Broker) trim(every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-t.C:
			b.cluster.ApplyRetention()
		}
	}
}
