package flink

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

const slotsWithin = 40 * time.Second // for task managers to register with a job manager that was restarted

// AwaitSlots waits until the cluster has a slot for each of the parallel parts, as one whose job manager was
// restarted has after a while.
func (f Config) AwaitSlots(ctx context.Context, log *slog.Logger) error {
	for end, told := time.Now().Add(slotsWithin), false; ; {
		o, err := f.Cluster.Overview(ctx)
		if err != nil {
			return err
		}
		if err := fits(o.Version); err != nil {
			return err
		}
		if f.Loopback && o.TaskManagers > 1 { // their workers would have the same names
			return fmt.Errorf(
				"workers in this process serve one task manager, and the cluster at %s has %d: --worker PATH has each start its own",
				f.Cluster,
				o.TaskManagers,
			)
		}
		if o.Free >= f.Parallelism {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf(
				"the cluster at %s has %d task managers and %d slots, of which %d are free; parallelism %d needs as many",
				f.Cluster,
				o.TaskManagers,
				o.Slots,
				o.Free,
				f.Parallelism,
			)
		}
		if !told {
			log.Info("waiting for free slots", "free", o.Free, "needed", f.Parallelism)
			told = true
		}
		if !pause(ctx) {
			return fmt.Errorf("wait for free slots: %w", ctx.Err())
		}
	}
}

// fits says whether Beam has a runner for a version of Flink.
func fits(version string) error {
	for _, v := range []string{"1.17.", "1.18.", "1.19.", "1.20.", "2."} {
		if strings.HasPrefix(version, v) {
			return nil
		}
	}
	return fmt.Errorf("the cluster runs Flink %s, and Beam's runner wants 1.17 or newer", version)
}
