package audit

import (
	"bytes"
	"fmt"
	"math"

	"argos"
)

// difference names the first field in which two documents differ, bit for bit; "" when there is none.
func difference(got, want *argos.Truck) string {
	ints := [...]struct {
		name      string
		got, want int64
	}{
		{"rev", got.Rev, want.Rev},
		{"pos.epoch", int64(got.Pos.Epoch), int64(want.Pos.Epoch)},
		{"pos.partition", int64(got.Pos.Partition), int64(want.Pos.Partition)},
		{"pos.offset", got.Pos.Next, want.Pos.Next},
		{"time", got.Time, want.Time},
		{"recv", got.Recv, want.Recv},
		{"status", int64(got.Status), int64(want.Status)},
		{"fixes", got.Fixes, want.Fixes},
		{"duplicates", got.Duplicates, want.Duplicates},
		{"late", got.Late, want.Late},
		{"rejected", got.Rejected, want.Rejected},
	}
	for _, x := range ints {
		if x.got != x.want {
			return fmt.Sprintf("%s %d instead of %d", x.name, x.got, x.want)
		}
	}
	floats := [...]struct {
		name      string
		got, want float64
	}{
		{"lat", got.Lat, want.Lat},
		{"lon", got.Lon, want.Lon},
		{"raw.lat", got.Raw.Lat, want.Raw.Lat},
		{"raw.lon", got.Raw.Lon, want.Raw.Lon},
		{"speed", got.Speed, want.Speed},
		{"heading", got.Heading, want.Heading},
		{"accuracy", got.Accuracy, want.Accuracy},
	}
	for _, x := range floats {
		if x.got != x.want && !(math.IsNaN(x.got) && math.IsNaN(x.want)) {
			return fmt.Sprintf("%s %v instead of %v", x.name, x.got, x.want)
		}
	}
	switch {
	case !bytes.Equal(got.Attrs, want.Attrs):
		return fmt.Sprintf("attrs %s instead of %s", got.Attrs, want.Attrs)
	case !bytes.Equal(got.Track, want.Track):
		return "a packed track of other bytes"
	}
	return ""
}
