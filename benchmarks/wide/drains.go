package main

import (
	"context"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"argos/pipelines"
)

const usualTrucks = 10_000

// backlog is what a broker is filled with before drains read it.
type backlog struct {
	name           string
	trucks, rounds int
}

func (o options) drains(ctx context.Context, dir string) error {
	for _, b := range []backlog{
		{"drain", usualTrucks, max(o.Fixes/usualTrucks, 2)},
		{"drain wide", o.Trucks, 2},
	} {
		memory := b.name == "drain wide" && o.wants("memory")
		if !o.wants(b.name+" null") && !o.wants(b.name+" sqlite") && !memory {
			continue
		}
		if err := o.backlog(ctx, dir, b, memory); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	return nil
}

// backlog drains one into each store, and then, to see what a bound of the memory costs, into SQLite with less and less
// of it.
func (o options) backlog(ctx context.Context, dir string, b backlog, memory bool) error {
	sub, err := os.MkdirTemp(dir, "backlog-")
	if err != nil {
		return err
	}
	broker, err := startBroker(ctx, sub)
	if err != nil {
		return err
	}
	defer broker.stop()
	if err := broker.fill(ctx, b.trucks, b.rounds); err != nil {
		return err
	}
	t := table(fmt.Sprintf("\n%d trucks, %d fixes\t", b.trucks, b.trucks*b.rounds) +
		"fixes/s, halves\tCPU-s per million, halves\tpeak MB\ttracks MB\tqueries of lookups")
	row := func(name, store string, bound int64) (d drained, err error) {
		if d, err = o.drain(ctx, sub, name, store, broker.addr, bound); err != nil {
			return d, fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(
			t,
			"%s\t%.0fk, %.0fk\t%.1f, %.1f\t%d\t%.0f\t%.0f\n",
			name,
			d.Halves[0].Rate/1e3,
			d.Halves[1].Rate/1e3,
			d.Halves[0].CPU,
			d.Halves[1].CPU,
			d.Peak>>20,
			d.Tracks/(1<<20),
			d.Asked,
		)
		return d, t.Flush()
	}
	for _, store := range []string{"null", "sqlite"} {
		if name := b.name + " " + store; o.wants(name) {
			if _, err := row(name, store, 0); err != nil {
				return err
			}
		}
	}
	if !memory {
		return nil
	}
	all, err := row("memory for all", "sqlite", 1<<40)
	if err != nil {
		return err
	}
	for _, part := range []int64{2, 4} {
		if _, err := row(fmt.Sprintf("memory for 1 in %d", part), "sqlite", int64(all.Tracks)/part); err != nil {
			return err
		}
	}
	return nil
}

// gauges are the fleet's own figures in this process.
func gauges() (tracks, lookups float64, err error) {
	reg := prometheus.NewRegistry()
	if err := reg.Register(collectors(pipelines.Collectors())); err != nil {
		return 0, 0, err
	}
	families, err := reg.Gather()
	if err != nil {
		return 0, 0, err
	}
	for _, f := range families {
		switch f.GetName() {
		case "argos_fleet_memory_bytes":
			tracks = f.GetMetric()[0].GetGauge().GetValue()
		case "argos_fleet_lookups_total":
			lookups = f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return tracks, lookups, nil
}

type collectors []prometheus.Collector

func (cs collectors) Describe(to chan<- *prometheus.Desc) {
	for _, c := range cs {
		c.Describe(to)
	}
}

func (cs collectors) Collect(to chan<- prometheus.Metric) {
	for _, c := range cs {
		c.Collect(to)
	}
}
