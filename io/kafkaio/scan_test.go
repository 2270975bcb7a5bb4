package kafkaio_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"argos"
	"argos/io/kafkaio"
)

func TestScan(t *testing.T) {
	ctx, brokers := timed(t), newBroker(t, 2)
	fill(t, brokers, 0, 9)
	fill(t, brokers, 1, 12_345)
	for _, c := range [][2]int64{{0, 12_345}, {0, 1}, {999, 1_001}, {1_500, 1_501}, {12_344, 12_345}, {12_345, 12_345}, {7, 7}} {
		next := c[0]
		err := kafkaio.Scan(ctx, brokers, argos.Topic, 1, c[0], c[1], func(r argos.LogRecord) error {
			if r.Offset != next || string(r.Value) != value(1, next) || r.Time != 1_700_000_000_000+next {
				return fmt.Errorf("record %d %q at %d, want offset %d", r.Offset, r.Value, r.Time, next)
			}
			next++
			return nil
		})
		if err != nil || next != c[1] {
			t.Errorf("scan of %v ended at %d: %v", c, next, err)
		}
	}
}

func TestScanKeepsNullAndEmptyApart(t *testing.T) {
	brokers := newBroker(t, 1)
	values := [][]byte{[]byte("long enough to be reused"), nil, {}, []byte("x")}
	produceFrom(t, brokers, 0, 0, len(values), func(o int64) []byte { return values[o] })
	if err := kafkaio.Scan(timed(t), brokers, argos.Topic, 0, 0, 4, func(r argos.LogRecord) error {
		if want := values[r.Offset]; (r.Value == nil) != (want == nil) || string(r.Value) != string(want) {
			t.Errorf("offset %d has %#v, want %#v", r.Offset, r.Value, want)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestScanOfTheLargestRecords: a batch may be larger than what a fetch asks for.
func TestScanOfTheLargestRecords(t *testing.T) {
	brokers := newBroker(t, 1)
	sizes := []int{10, 1_048_400, 1_048_400, 10}
	for o, n := range sizes {
		produceFrom(t, brokers, 0, int64(o), 1, func(int64) []byte { return make([]byte, n) })
	}
	if err := kafkaio.Scan(timed(t), brokers, argos.Topic, 0, 0, 4, func(r argos.LogRecord) error {
		if len(r.Value) != sizes[r.Offset] {
			t.Errorf("offset %d has %d bytes, want %d", r.Offset, len(r.Value), sizes[r.Offset])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestScanEndsWithAReason(t *testing.T) {
	ctx := timed(t)
	cluster, brokers := newCluster(t, 1)
	fill(t, brokers, 0, 1_000)
	if err := cluster.DeleteRecords(argos.Topic, 0, 300); err != nil {
		t.Fatal(err)
	}
	none := func(argos.LogRecord) error { return nil }

	var taken *kafkaio.TakenError
	if err := kafkaio.Scan(ctx, brokers, argos.Topic, 0, 100, 500, none); !errors.As(err, &taken) || taken.First != 300 || taken.From != 100 {
		t.Errorf("below the start: %v", err)
	}
	var above *kafkaio.AboveEndError
	if err := kafkaio.Scan(ctx, brokers, argos.Topic, 0, 1_001, 1_500, none); !errors.As(err, &above) || above.Last != 1_000 {
		t.Errorf("above the end: %v", err)
	}
	if err := kafkaio.Scan(ctx, brokers, argos.Topic, 0, 900, 1_500, none); err == nil || !strings.Contains(err.Error(), "ends at offset 1000, before 1500") {
		t.Errorf("beyond the end: %v", err)
	}
	if err := kafkaio.Scan(ctx, brokers, "nothing", 0, 0, 1, none); err == nil || !strings.Contains(err.Error(), `no topic "nothing"`) {
		t.Errorf("no such topic: %v", err)
	}
	enough, seen := errors.New("enough"), 0
	if err := kafkaio.Scan(ctx, brokers, argos.Topic, 0, 300, 1_000, func(argos.LogRecord) error {
		if seen++; seen == 3 {
			return enough
		}
		return nil
	}); !errors.Is(err, enough) || seen != 3 {
		t.Errorf("stopped by the caller: %v after %d records", err, seen)
	}
}

func BenchmarkScan(b *testing.B) {
	const records = 200_000
	brokers := newBroker(b, 1)
	body := []byte(strings.Repeat("x", 130))
	produceFrom(b, brokers, 0, 0, records, func(int64) []byte { return body })
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if err := kafkaio.Scan(b.Context(), brokers, argos.Topic, 0, 0, records, func(argos.LogRecord) error { n++; return nil }); err != nil || n != records {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
