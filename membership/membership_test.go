package membership_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"argos/cluster"
	"argos/io/kfakeio"
	"argos/membership"
)

const topic = "raw-telematics-data"

// worker notes what it is told.
type worker struct {
	*membership.Member
	mu     sync.Mutex
	mine   []int
	others []*worker // that must not own what this one is assigned
	wrong  string
}

func (w *worker) Assigned(partitions []int) {
	twice := func(p int) bool {
		return slices.ContainsFunc(w.others, func(o *worker) bool { return slices.Contains(o.owned(), p) })
	}
	owned := slices.ContainsFunc(partitions, twice)
	w.mu.Lock()
	defer w.mu.Unlock()
	if owned {
		w.wrong = fmt.Sprintf("of the partitions %v one was assigned while another had it", partitions)
	}
	w.mine = append(w.mine, partitions...)
}

func (w *worker) Revoked(_ context.Context, partitions []int) { w.Lost(partitions) }

func (w *worker) Lost(partitions []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mine = slices.DeleteFunc(w.mine, func(p int) bool { return slices.Contains(partitions, p) })
}

func (w *worker) owned() []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(slices.Values(w.mine))
}

func join(t *testing.T, at cluster.Config, instance string, others ...*worker) *worker {
	t.Helper()
	w := &worker{others: others}
	m, err := membership.Join(membership.Config{
		Kafka: at, Topic: topic, Group: "workers", Handler: w, Instance: instance,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Member = m
	t.Cleanup(func() { w.leave(t) })
	return w
}

func (w *worker) leave(t *testing.T) {
	t.Helper()
	if w.Member == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := w.Leave(ctx); err != nil {
		t.Error(err)
	}
	w.Member = nil
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

func broker(t *testing.T) cluster.Config {
	t.Helper()
	b, err := kfakeio.Start(
		kfakeio.Config{Dir: t.TempDir(), Partitions: 8, Log: slog.New(slog.NewTextHandler(io.Discard, nil))},
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return cluster.Plain(b.Addr())
}

// TestPartitionsMoveOneByOne: who joins gets a share that was let go before, what stays is not touched, and who
// leaves hands all over.
func TestPartitionsMoveOneByOne(t *testing.T) {
	for _, named := range []bool{false, true} {
		t.Run(fmt.Sprintf("instances=%v", named), func(t *testing.T) {
			name := func(s string) string {
				if named {
					return s
				}
				return ""
			}
			at := broker(t)
			a := join(t, at, name("a"))
			eventually(t, "one member has all", func() bool { return len(a.owned()) == 8 && a.Ready() == nil })
			b := join(t, at, name("b"), a)
			eventually(t, "two share", func() bool { return len(a.owned()) == 4 && len(b.owned()) == 4 })
			kept := a.owned()
			a.others = []*worker{b}
			b.leave(t)
			eventually(t, "the other has left", func() bool { return len(a.owned()) == 8 })
			for _, p := range kept {
				if !slices.Contains(a.owned(), p) {
					t.Errorf("partition %d was taken away from who kept it", p)
				}
			}
			if a.wrong != "" || b.wrong != "" {
				t.Error(a.wrong, b.wrong)
			}
		})
	}
}

// TestLastOwned: a commit says that a partition had an owner.
func TestLastOwned(t *testing.T) {
	at := broker(t)
	a := join(t, at, "")
	eventually(t, "one member has all", func() bool { return len(a.owned()) == 8 })
	before := time.Now().Truncate(time.Millisecond)
	if err := a.Commit(t.Context(), map[int32]int64{3: 7}); err != nil {
		t.Fatal(err)
	}
	last, err := a.LastOwned(t.Context(), []int{2, 3})
	if err != nil || len(last) != 1 || last[3].Before(before) || last[3].After(time.Now()) {
		t.Errorf("%v, %v", last, err)
	}
}

// TestInstance: one address is one name, again and again.
func TestInstance(t *testing.T) {
	a := membership.Instance(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9102})
	b := membership.Instance(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9103})
	if a != membership.Instance(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9102}) || a != "" && a == b ||
		len(a) > 249 {
		t.Errorf("%q, %q", a, b)
	}
}
