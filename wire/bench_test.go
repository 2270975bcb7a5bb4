package wire

import (
	"testing"

	"argos"
)

// plainFix is what a device sends most often: 130 bytes, no attrs.
const plainFix = `{"truck_id":"T-017","ts":1700000000123,"lat":48.1371234,"lon":11.5754321,"speed":13.25,"heading":91.4,"accuracy":3.5,"seq":123456}`

func BenchmarkFrame(b *testing.B) {
	var p Parser
	text := []byte(plainFix)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Frame(text, func(_ *argos.Fix, err error) {
			if err != nil {
				b.Fatal(err)
			}
		}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFrameWithAttrs(b *testing.B) {
	var p Parser
	text := []byte(whole)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Frame(text, func(_ *argos.Fix, err error) {
			if err != nil {
				b.Fatal(err)
			}
		}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	var p Parser
	text := []byte(`{"v":1,"recv":1700000000200,` + plainFix[1:])
	var r argos.Record
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r.TruckID = "another" // as in a log, where the next record is another truck's
		if err := p.Record(text, &r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendRecord(b *testing.B) {
	var p Parser
	var r argos.Record
	if err := p.Record([]byte(`{"v":1,"recv":1700000000200,`+plainFix[1:]), &r); err != nil {
		b.Fatal(err)
	}
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text = AppendRecord(text[:0], &r)
	}
	b.SetBytes(int64(len(text)))
}
