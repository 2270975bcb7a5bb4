package kafkaio

import "time"

// watermark is the offset that a partition's next element will have as its time, in ms.
type watermark struct{ next int64 }

// CurrentWatermark implements sdf.WatermarkEstimator.
func (w *watermark) CurrentWatermark() time.Time { return time.UnixMilli(w.next) }
