package pipelines

import (
	"errors"
	"fmt"
	"slices"

	"argos"
	"argos/cluster"
)

// A topic that has grown holds records by two layouts: below an offset of each old partition by the old count, from
// there on by the new one. A job reads by one layout, so the log is read by the first to its end, then by the next,
// in another epoch, for offsets of two partitions cannot be compared (docs/adr/0020).

// layoutsOf are the layouts that were accepted. Where nobody has written down the one that the store's marks are of,
// that is it: an earlier version accepted it, and a gateway that found nothing may have written down the topic's
// present one.
func layoutsOf(all []argos.Mark, known []cluster.Layout) []cluster.Layout {
	marks, _ := newest(all)
	if n := len(marks); n > 0 && areOf(marks, n) && indexOf(known, n) < 0 {
		return []cluster.Layout{{Partitions: n}}
	}
	return known
}

// accepted is the number of partitions of the last accepted layout; 0: there is none.
func accepted(all []argos.Mark, known []cluster.Layout) int {
	if known = layoutsOf(all, known); len(known) == 0 {
		return 0
	}
	return known[len(known)-1].Partitions
}

// grow returns the layouts with one more if the topic has more partitions than the last. All that the log holds in
// the old ones then lies by those before.
func grow(all []argos.Mark, known []cluster.Layout, log []cluster.Range) []cluster.Layout {
	known = layoutsOf(all, known)
	if len(known) == 0 {
		return []cluster.Layout{{Partitions: len(log)}}
	}
	last := known[len(known)-1].Partitions
	if last == len(log) {
		return known
	}
	starts := make([]int64, len(log))
	for p, r := range log {
		if starts[p] = r.First; p < last {
			starts[p] = r.Last
		}
	}
	return append(slices.Clone(known), cluster.Layout{Partitions: len(log), Starts: starts})
}

// place finds the layout that the store stands in, and so where a job of it begins and ends.
func place(all []argos.Mark, known []cluster.Layout, log []cluster.Range) (start, error) {
	at, epoch, offsets, err := stands(all, known)
	if err != nil {
		return start{}, err
	}
	from := start{epoch: epoch, offsets: make([]int64, known[at].Partitions), have: len(log)}
	for p := range from.offsets {
		from.offsets[p] = log[p].First // of a store that is new
		if o, known := offsets[int32(p)]; known {
			from.offsets[p] = o // retention may have taken it: the source counts the gap
		}
	}
	if at+1 < len(known) {
		from.next = known[at+1].Starts
	}
	return from, nil
}

var errCutOff = errors.New(
	"a start was cut off while it wrote the marks, or somebody else did; only --new-epoch is left",
)

// stands finds the layout that the marks are of, their epoch, and the offsets by partition. A partition without one
// has never been read. A step to the next layout that was cut off (start.step) is taken for undone or done, by which
// the next try comes to the same.
func stands(all []argos.Mark, known []cluster.Layout) (at int, epoch int32, offsets map[int32]int64, err error) {
	marks, epoch := newest(all)
	offsets = byPartition(marks)
	if at = indexOf(known, len(marks)); at >= 0 && areOf(marks, len(marks)) {
		return at, epoch, offsets, nil
	}
	before := slices.DeleteFunc(slices.Clone(all), func(m argos.Mark) bool { return m.Epoch != epoch-1 })
	if len(before) == 0 && areOf(marks, known[0].Partitions) {
		return 0, epoch, offsets, nil // the first start: what lacks a mark is read from its beginning
	}
	if at = indexOf(known, len(before)); at >= 0 && at+1 < len(known) && areOf(before, len(before)) {
		return at, epoch - 1, byPartition(before), nil // only marks of new partitions were written
	}
	if at = indexOf(known, len(marks)+len(before)); at > 0 &&
		areOf(slices.Concat(marks, before), len(marks)+len(before)) {
		for _, m := range before {
			offsets[m.Partition] = max(m.Offset, known[at].Starts[m.Partition])
		}
		return at, epoch, offsets, nil
	}
	return 0, 0, nil, fmt.Errorf("the store's marks %v fit none of the layouts %v: %w", all, known, errCutOff)
}

func indexOf(known []cluster.Layout, partitions int) int {
	return slices.IndexFunc(known, func(l cluster.Layout) bool { return l.Partitions == partitions })
}

// areOf says whether all marks are of the first n partitions: of each its own, for a store keeps one a partition.
func areOf(marks []argos.Mark, n int) bool {
	return !slices.ContainsFunc(marks, func(m argos.Mark) bool { return int(m.Partition) >= n })
}

func byPartition(marks []argos.Mark) map[int32]int64 {
	offsets := make(map[int32]int64, len(marks))
	for _, m := range marks {
		offsets[m.Partition] = m.Offset
	}
	return offsets
}
