package audit_test

import (
	"os"
	"strings"
	"testing"

	"argos"
	"argos/audit"
)

// A state, a log or a ledger that is not the last audit's is refused.
func TestRefusesToGoOn(t *testing.T) {
	for name, c := range map[string]struct {
		play func(*testing.T, *world)
		says string
	}{
		"a state file cut off": {
			func(t *testing.T, w *world) { s := read(t, w.config.State); write(t, w.config.State, s[:len(s)-100]) },
			"was cut off or changed",
		},
		"an empty state file": {
			func(t *testing.T, w *world) { write(t, w.config.State, "") },
			"was cut off or changed",
		},
		"a state file with another number": {
			func(t *testing.T, w *world) {
				write(t, w.config.State, strings.Replace(read(t, w.config.State), `"acked":240`, `"acked":999`, 1))
			},
			"was cut off or changed",
		},
		"a state of another topic": {
			func(t *testing.T, w *world) { w.createTopic(t, "another"); w.config.Topic = "another" },
			"is of topic " + argos.Topic + ", and this is another",
		},
		"a log that was rewritten": {
			func(t *testing.T, w *world) {
				other := newWorldOf(t, 0)
				other.sent = trucks // each fix is the truck's next one
				other.grow(t, w.sent)
				w.config.Kafka = other.config.Kafka
			},
			"this one was rewritten",
		},
		"a log that is shorter": {
			func(t *testing.T, w *world) {
				other := newWorldOf(t, 6)
				w.config.Kafka = other.config.Kafka
			},
			"the state file is of another log",
		},
		"a ledger whose end was cut off": {
			func(t *testing.T, w *world) { s := read(t, w.config.Ledger); write(t, w.config.Ledger, s[:len(s)/2]) },
			"its end was cut off",
		},
		"a ledger without some lines": {
			func(t *testing.T, w *world) {
				lines := strings.SplitAfter(read(t, w.config.Ledger), "\n")
				write(t, w.config.Ledger, strings.Join(append(lines[:100:100], lines[101:]...), ""))
			},
			"lines were taken out or changed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begun(t)
			if err := w.ledger.Flush(); err != nil {
				t.Fatal(err)
			}
			before := read(t, w.config.State)
			c.play(t, w)
			r, err := audit.Run(t.Context(), w.config)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%+v, %v", r, err)
			}
			if now, err := os.ReadFile(
				w.config.State,
			); err == nil && len(now) == len(before) && string(now) != before &&
				!strings.Contains(name, "number") {
				t.Error("the state has changed")
			}
		})
	}
}
