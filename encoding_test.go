package argos_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"argos"
)

var genPart = rapid.Custom(func(t *rapid.T) argos.Part {
	i32, i64 := rapid.Int32Min(0), rapid.Int64Min(0)
	return argos.Part{Partition: i32.Draw(t, "partition"), Epoch: i32.Draw(t, "epoch"), From: i64.Draw(t, "from"), To: i64.Draw(t, "to"), Index: i32.Draw(t, "index"), Of: i32.Draw(t, "of")}
})

var genTruck = rapid.Custom(func(t *rapid.T) argos.Truck {
	i, x := rapid.Int64(), rapid.Float64()
	blob := rapid.SliceOfN(rapid.Byte(), 1, 600)
	d := argos.Truck{
		ID: rapid.StringMatching(`[A-Z]{1,8}`).Draw(t, "id"), Rev: i.Draw(t, "rev"),
		Pos:  argos.Pos{Epoch: rapid.Int32().Draw(t, "epoch"), Partition: rapid.Int32().Draw(t, "partition"), Next: i.Draw(t, "next")},
		Time: i.Draw(t, "time"), Recv: i.Draw(t, "recv"), Lat: x.Draw(t, "lat"), Lon: x.Draw(t, "lon"),
		Raw:   argos.LatLon{Lat: x.Draw(t, "raw lat"), Lon: x.Draw(t, "raw lon")},
		Speed: x.Draw(t, "speed"), Heading: x.Draw(t, "heading"), Accuracy: x.Draw(t, "accuracy"),
		Status: rapid.SampledFrom([]argos.Status{argos.Tentative, argos.Moving, argos.Stopped}).Draw(t, "status"),
		Fixes:  i.Draw(t, "fixes"), Duplicates: i.Draw(t, "duplicates"), Late: i.Draw(t, "late"), Rejected: i.Draw(t, "rejected"),
		Track: blob.Draw(t, "track"),
	}
	if rapid.Bool().Draw(t, "attrs?") {
		d.Attrs = blob.Draw(t, "attrs")
	}
	return d
})

func TestDocumentsRoundTrip(t *testing.T) {
	var back argos.Documents // one for all cases: decoding must leave nothing behind
	rapid.Check(t, func(t *rapid.T) {
		d := argos.Documents{
			Part: genPart.Draw(t, "part"), Trucks: rapid.SliceOfN(genTruck, 0, 5).Draw(t, "trucks"),
			Recvs: rapid.SliceOfN(rapid.Int64(), 0, 20).Draw(t, "recvs"),
		}
		b := d.Append(nil)
		if err := back.Decode(b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(back.Append(nil), b) || len(back.Trucks) != len(d.Trucks) {
			t.Fatalf("%+v came back as %+v", d, back)
		}
		for i := range d.Trucks {
			if !reflect.DeepEqual(d.Trucks[i], back.Trucks[i]) {
				t.Fatalf("%+v came back as %+v", d.Trucks[i], back.Trucks[i])
			}
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if err := back.Decode(b[:cut]); !errors.Is(err, argos.ErrEncoding) {
			t.Fatalf("%d of %d bytes decode: %v", cut, len(b), err)
		}
	})
}

func TestDocumentsKeepNaN(t *testing.T) {
	nan := math.NaN()
	d := argos.Documents{Trucks: []argos.Truck{{ID: "T", Lat: nan, Lon: nan, Speed: nan}}}
	var back argos.Documents
	if err := back.Decode(d.Append(nil)); err != nil || !math.IsNaN(back.Trucks[0].Lat) {
		t.Fatalf("%+v, %v", back, err)
	}
}

func TestPollRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := genPart.Draw(t, "part")
		b := part.Append(nil)
		var want []argos.LogRecord
		for range rapid.IntRange(0, 8).Draw(t, "records") {
			r := argos.LogRecord{Offset: rapid.Int64().Draw(t, "offset"), Time: rapid.Int64().Draw(t, "time")}
			if rapid.Bool().Draw(t, "value?") {
				r.Value = rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "value")
			}
			want = append(want, r)
			b = argos.AppendLogRecord(b, r)
		}
		got, rest, err := argos.DecodePart(b)
		if err != nil || got != part {
			t.Fatalf("%+v, %v", got, err)
		}
		for _, w := range want {
			var r argos.LogRecord
			if r, rest, err = argos.DecodeLogRecord(rest); err != nil || !reflect.DeepEqual(r, w) {
				t.Fatalf("%+v came back as %+v: %v", w, r, err)
			}
		}
		if len(rest) != 0 {
			t.Fatalf("%d bytes are left", len(rest))
		}
	})
}

func FuzzDocuments(f *testing.F) {
	d := argos.Documents{Part: argos.Part{To: 9, Of: 1}, Trucks: []argos.Truck{{ID: "T-1", Rev: 3, Track: []byte{1, 2}}}, Recvs: []int64{1, 2, 3}}
	f.Add(d.Append(nil))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d argos.Documents
		if err := d.Decode(b); err == nil && !bytes.Equal(d.Append(nil), b) {
			t.Fatal("accepted bytes do not encode to themselves")
		}
	})
}

func FuzzLogRecord(f *testing.F) {
	f.Add(argos.AppendLogRecord(nil, argos.LogRecord{Offset: 1, Time: 2, Value: []byte("{}")}))
	f.Add(argos.AppendLogRecord(nil, argos.LogRecord{Offset: 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, rest, err := argos.DecodeLogRecord(b)
		if err == nil && !bytes.Equal(append(argos.AppendLogRecord(nil, r), rest...), b) {
			t.Fatal("accepted bytes do not encode to themselves")
		}
	})
}
