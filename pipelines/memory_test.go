package pipelines

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"argos/io/kfakeio"
)

// brokerDir makes the test binary a broker on that folder, in a process of its own: until its standard input ends.
const brokerDir = "ARGOS_TEST_BROKER_DIR"

func runBroker(dir string) {
	b, err := kfakeio.Start(kfakeio.Config{Dir: dir, Partitions: 8})
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString(b.Addr() + "\n")
	os.Stdin.Read(make([]byte, 1))
	b.Close()
}

// newRemoteTopic is a topic of a broker in another process, whose memory is not ours.
func newRemoteTopic(t testing.TB) *topic {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe)
	c.Env = append(os.Environ(), brokerDir+"="+t.TempDir())
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		c.Wait()
	})
	b := make([]byte, 64)
	n, err := out.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return topicAt(t, strings.TrimSpace(string(b[:n])), 8)
}

// Memory stays flat with the store stopped and a backlog of five million fixes: Prism takes whatever a source gives,
// so the source must stop by itself.
func TestMemoryStaysFlatBehindAStoppedStore(t *testing.T) {
	if testing.Short() {
		t.Skip("a backlog of five million fixes takes a while to make")
	}
	p := newRemoteTopic(t)
	p.fill(5_000_000, 10_000)
	store, uri := newMemStore(t)
	l := begun(t, p.config(uri))
	eventually(
		t,
		"every truck is known",
		func() bool { return len(stored(store)) == 10_000 },
	) // else a lookup meets the store first
	store.down.Store(true)
	before := store.upserts.Load()
	eventually(t, "the sink meets the stopped store", func() bool { return store.upserts.Load() > before })

	const limit = 400 << 20
	var first, most uint64
	for i := range 10 {
		time.Sleep(500 * time.Millisecond) // growth is over time
		heap := heapInUse()
		if i == 3 { // the credit is spent
			first = heap
		}
		most = max(most, heap)
	}
	last := heapInUse()
	t.Logf("heap in use: %d MB after 2 s, %d MB after 5 s, at most %d MB", first>>20, last>>20, most>>20)
	if most > limit || last > first+first/4+(16<<20) {
		t.Errorf("the heap is not flat, or above %d MB", limit>>20)
	}
	store.down.Store(false)
	if err := l.WaitFor(within(t, 2*time.Minute), p.ends()); err != nil {
		t.Fatal(err)
	}
	if err := l.Stop(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	for id, d := range store.trucks {
		if d.Rev != 500 {
			t.Errorf("truck %s: rev %d, want 500", id, d.Rev)
		}
	}
}

func stored(s *memStore) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.trucks {
		ids = append(ids, id)
	}
	return ids
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}
