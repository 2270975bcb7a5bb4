package storetest

import (
	"slices"
	"testing"

	"argos"
)

func sameMarks(t *testing.T, s argos.Store, topic string, want ...argos.Mark) {
	t.Helper()
	got, err := s.Marks(t.Context(), topic)
	must(t, err)
	if !slices.Equal(got, want) {
		t.Errorf("marks of %s are %+v, want %+v", topic, got, want)
	}
}

func marksForward(t *testing.T, s argos.Store) {
	mark := func(topic string, partition, epoch int32, offset int64) argos.Mark {
		return argos.Mark{
			Topic:     topic,
			Partition: partition,
			Epoch:     epoch,
			Offset:    offset,
			Time:      1000*int64(epoch) + offset,
		}
	}
	sameMarks(t, s, "a")
	must(t, s.SetMarks(t.Context(), []argos.Mark{mark("a", 1, 1, 10), mark("a", 0, 1, 5), mark("b", 0, 1, 3)}))
	sameMarks(t, s, "a", mark("a", 0, 1, 5), mark("a", 1, 1, 10))
	sameMarks(t, s, "b", mark("b", 0, 1, 3))
	for _, c := range []struct {
		name      string
		set, want argos.Mark
	}{
		{"behind", mark("a", 0, 1, 4), mark("a", 0, 1, 5)},
		{"the same", mark("a", 0, 1, 5), mark("a", 0, 1, 5)},
		{"ahead", mark("a", 0, 1, 6), mark("a", 0, 1, 6)},
		{"a new epoch goes on from 0", mark("a", 0, 2, 0), mark("a", 0, 2, 0)},
		{"ahead in the new epoch", mark("a", 0, 2, 3), mark("a", 0, 2, 3)},
		{"far ahead in the old epoch", mark("a", 0, 1, 1000), mark("a", 0, 2, 3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			must(t, s.SetMarks(t.Context(), []argos.Mark{c.set}))
			sameMarks(t, s, "a", c.want, mark("a", 1, 1, 10))
		})
	}
	// One that is behind does not keep the others of its call from being written.
	must(t, s.SetMarks(t.Context(), []argos.Mark{mark("a", 0, 2, 1), mark("a", 1, 1, 11)}))
	sameMarks(t, s, "a", mark("a", 0, 2, 3), mark("a", 1, 1, 11))
	sameMarks(t, s, "b", mark("b", 0, 1, 3))
}

func marksAtOnce(t *testing.T, s argos.Store) {
	const steps = 30
	together(t, func(w int) error {
		for i := range steps {
			marks := []argos.Mark{{Topic: "a", Epoch: 1, Offset: int64(i*writers + w)}}
			if err := s.SetMarks(t.Context(), marks); err != nil {
				return err
			}
		}
		return nil
	})
	sameMarks(t, s, "a", argos.Mark{Topic: "a", Epoch: 1, Offset: steps*writers - 1})
}
