package audit

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// However many files the claims of a ledger and the log's records are divided among, they are matched as in memory.
func TestClaimsAreMatched(t *testing.T) {
	type fix struct {
		key key
		run string
	}
	rapid.Check(t, func(t *rapid.T) {
		bytes := rapid.SampledFrom(
			[]int64{0, 2 * lineBytes * bucketClaims, 5 * lineBytes * bucketClaims},
		).Draw(
			t,
			"bytes",
		)
		c, err := newClaims(bytes)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := c.close(); err != nil {
				t.Fatal(err)
			}
		}()
		if few := bytes == 0; few != (c.buckets == 1) || c.buckets > maxBuckets {
			t.Fatalf("%d buckets for %d bytes", c.buckets, bytes)
		}
		fixes := rapid.IntRange(1, 8)
		keyOfFix := func(n int) key { return keyOf(fmt.Sprint("T-", n), int64(n), 5, 1, float64(n)) }
		want, records := map[fix]byte{}, map[key]int{}
		for range rapid.IntRange(0, 20).Draw(t, "entries") {
			f := fix{keyOfFix(fixes.Draw(t, "claimed")), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "run")}
			o := byte(rapid.IntRange(isAcked, isRefused).Draw(t, "outcome"))
			x := claim{key: f.key, run: c.run(f.run), truck: 3, outcome: o, line: 7}
			if err := c.ledger.add(x.key, x.append(nil)); err != nil {
				t.Fatal(err)
			}
			if was, again := want[f]; !again || o < was {
				want[f] = o
			}
		}
		if c.log == nil {
			if err := c.load(0); err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(0, 20).Draw(t, "records") {
			k := keyOfFix(fixes.Draw(t, "logged"))
			records[k]++
			if err := c.found(k); err != nil {
				t.Fatal(err)
			}
		}
		got := map[fix]byte{}
		err = c.judge(func(of []claim, n int) {
			for _, x := range of {
				if x.key != of[0].key || n != records[x.key] || x.truck != 3 || x.line != 7 {
					t.Fatalf("%+v with %d records, want %d", x, n, records[x.key])
				}
				for name, run := range c.runs {
					if run == x.run {
						got[fix{x.key, name}] = x.outcome
					}
				}
			}
		})
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%v, want %v, %v", got, want, err)
		}
	})
}
