package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"argos"
	"argos/cluster"
)

// good is a frame of one fix.
func good(seq int) string { return fixes("T", seq, 1) }

func fixAt(when time.Time) string {
	return fmt.Sprintf(`{"truck_id":"B","ts":%d,"lat":1,"lon":2}`, when.UnixMilli())
}

var badFrames = []struct{ name, text, says string }{
	{"broken JSON", `{"truck_id":"B","ts":`, "not JSON"},
	{"no JSON", `hello`, "not JSON"},
	{"empty", ``, "not JSON"},
	{"NaN", `{"truck_id":"B","ts":1,"lat":NaN,"lon":2}`, `lat "NaN" is not a number`},
	{
		"no latitude",
		`{"truck_id":"B","ts":1700000000000,"lat":null,"lon":2,"speed":null}`,
		`lat "null" is not a number`,
	},
	{"latitude 91", `{"truck_id":"B","ts":1700000000000,"lat":91,"lon":2}`, "lat 91 is outside -90 to 90"},
	{"empty truck_id", `{"truck_id":"","ts":1700000000000,"lat":1,"lon":2}`, "truck_id is empty"},
	{"year 2099", fixAt(time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)), "ahead of the gateway's clock"},
	{"two minutes ahead", fixAt(time.Now().Add(2 * time.Minute)), "ahead of the gateway's clock"},
	{"2014", fixAt(time.Date(2014, 1, 1, 0, 0, 0, 0, time.UTC)), "before 2015"},
	{"1024 weeks back", fixAt(time.Now().Add(-1024 * 7 * 24 * time.Hour)), "1024 weeks"},
	{"unknown field", `{"truck_id":"B","ts":1700000000000,"lat":1,"lon":2,"spede":3}`, `unknown field "spede"`},
	{"no object", `7`, "not an object"},
}

func TestBadFrameIsOneNackAndTheRestGoesOn(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	other := g.dial("")
	c := g.dial("")
	n := uint64(0)
	for i, bad := range badFrames {
		other.send(good(i * 2))
		c.send(bad.text)
		c.send(fixes("C", i, 1))
		other.send(good(i*2 + 1))
		n += 2
		c.await(n)
		if why := c.nacks[n-1]; !strings.Contains(why, bad.says) || strings.Contains(why, "\n") || len(why) > 250 {
			t.Errorf("%s: %q does not say %q in a sentence", bad.name, why, bad.says)
		}
		if c.nacks[n] != "" {
			t.Errorf("%s: the good fix after it was refused: %s", bad.name, c.nacks[n])
		}
	}
	if err := c.Write(context.Background(), websocket.MessageBinary, []byte{0, 1, 2, 0xff}); err != nil {
		t.Fatal(err)
	}
	c.await(n + 1)
	if why := c.nacks[n+1]; !strings.Contains(why, "binary") {
		t.Error(why)
	}
	other.await(uint64(2 * len(badFrames)))
	by := b.seqs()
	inOrder(t, "C", by["C"], len(badFrames))
	inOrder(t, "T", by["T"], 2*len(badFrames))
	if len(by) != 2 {
		t.Error("a bad fix is in the log:", by)
	}

	refused := len(badFrames) + 1
	eventually(t, "a dead letter each", func() bool { return int(g.metric("dead_letters_total")) == refused })
	letters := b.logged(argos.DeadLetterTopic)[0]
	for i, bad := range badFrames {
		var l letter
		if err := json.Unmarshal(letters[i].Value, &l); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(l.Error, bad.says) || l.Raw != bad.text || !strings.HasPrefix(l.From, "127.0.0.1:") ||
			l.Recv == 0 {
			t.Errorf("%s: dead letter %+v", bad.name, l)
		}
	}
	if n := int(g.metric("fixes_refused_total")); n != refused {
		t.Error("refused:", n)
	}
}

// A phone that stands does not know its speed and course: its positions are no dead letters.
func TestUnknownQuantitiesAreNoBadInput(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	now := time.Now().UnixMilli()
	unknown := func(seq int, quantities string) string {
		return fmt.Sprintf(`{"truck_id":"P","ts":%d,"lat":1,"lon":2,"seq":%d,%s}`, now, seq, quantities)
	}
	c := g.dial("")
	c.send(unknown(0, `"speed":null,"heading":null`))
	c.send(unknown(1, `"speed":-1,"heading":-1,"accuracy":-1`))
	c.await(2)
	status, a := g.post(
		"/v1/fixes",
		unknown(2, `"heading":511,"hdop":99.99`)+"\n"+unknown(3, `"alt":-32768,"attrs":null`),
	)
	if status != http.StatusOK || a.Accepted != 2 || len(c.nacks) != 0 {
		t.Error(status, a, c.nacks)
	}
	inOrder(t, "P", b.seqs()["P"], 4)
	for _, m := range b.logged(argos.Topic)[0] {
		for _, q := range []string{"speed", "heading", "accuracy", "hdop", "alt", "attrs"} {
			if strings.Contains(string(m.Value), q) {
				t.Errorf("the log has the unknown %s: %s", q, m.Value)
			}
		}
	}
}

func TestBadElementsOfAnArray(t *testing.T) {
	b := startBroker(t, 2)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	c := g.dial("")
	var all []string
	const n = 3000 // more than any queue of nacks
	for i := range n {
		f := strings.Trim(fixes("T", i/2, 1), "[]")
		if i%2 != 0 {
			f = strings.Replace(f, `"lat":48.1`, `"lat":91`, 1)
		}
		all = append(all, f)
	}
	c.send("[" + strings.Join(all, ",") + "]")
	c.await(n)
	if len(c.nacks) != n/2 {
		t.Errorf("%d nacks, want %d", len(c.nacks), n/2)
	}
	for i := uint64(2); i <= n; i += 2 {
		if c.nacks[i] == "" {
			t.Fatalf("fix %d has no nack", i)
		}
	}
	inOrder(t, "T", b.seqs()["T"], n/2)
	if kept, lost := g.metric("dead_letters_total"), g.metric("dead_letters_dropped_total"); lost == 0 ||
		kept+lost > n/2 {
		t.Errorf("%v dead letters, %v dropped, of %d refused: the peer's rate was not kept", kept, lost, n/2)
	}
}

func TestFrameAboveTheLimitEndsItsConnectionAlone(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	other, c := g.dial(""), g.dial("")
	c.send(good(0))
	c.send(strings.Repeat(" ", 1<<20-200) + good(1)) // just below
	c.send(good(2))
	go func() {
		c.Write(context.Background(), websocket.MessageText, make([]byte, 5<<20))
	}()
	c.await(3)
	err := c.hear()
	if websocket.CloseStatus(err) != websocket.StatusMessageTooBig ||
		!strings.Contains(err.Error(), "more than 1 MiB") {
		t.Error(err)
	}
	other.send(good(3))
	other.await(1)
	inOrder(t, "T", b.seqs()["T"], 4)
}

func TestRecordingsClocksAreNotJudged(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	old := fixAt(time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC))
	c := g.dial("?recorded=1")
	c.send(old)
	c.await(1)
	status, a := g.post("/v1/fixes?recorded=1", old+"\n"+old)
	if status != http.StatusOK || a.Accepted != 2 || len(c.nacks) != 0 {
		t.Error(status, a, c.nacks)
	}
	for _, m := range b.logged(argos.Topic)[0] {
		if !strings.Contains(string(m.Value), `"recorded":true`) {
			t.Errorf("%s", m.Value)
		}
	}
	if status, a := g.post("/v1/fixes?recorded=yes", old); status != http.StatusBadRequest || a.Error == "" {
		t.Error(status, a)
	}
}

func TestPostThatHoldsNothing(t *testing.T) {
	b := startBroker(t, 1)
	g := startGateway(t, Config{Kafka: cluster.Plain(b.addr)})
	for _, c := range []struct {
		body, says string
		status     int
	}{
		{"", "holds no fix", http.StatusBadRequest},
		{"\n \r\n", "holds no fix", http.StatusBadRequest},
		{"\x00\xff\n", "no line of the body", http.StatusBadRequest},
		{strings.Repeat("x", 5<<20), "more than 1 MiB", http.StatusRequestEntityTooLarge},
	} {
		if status, a := g.post("/v1/fixes", c.body); status != c.status || !strings.Contains(a.Error, c.says) {
			t.Errorf("%.20q: %d %+v", c.body, status, a)
		}
	}
}
