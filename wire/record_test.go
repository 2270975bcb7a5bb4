package wire

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"argos"
)

// anyRecord draws from all records that a gateway may write.
func anyRecord(t *rapid.T) argos.Record {
	between := func(name string, lo, hi float64) float64 {
		if rapid.Bool().Draw(t, name+"?") {
			return math.NaN()
		}
		return rapid.Float64Range(lo, hi).Draw(t, name)
	}
	r := argos.Record{
		Fix: argos.NewFix(
			rapid.StringMatching(`[A-Za-z0-9._:-]{1,64}`).Draw(t, "id"),
			rapid.Int64Range(0, 4102444799999).Draw(t, "ts"),
			rapid.Float64Range(-90, 90).Draw(t, "lat"),
			rapid.Float64Range(-180, 180).Draw(t, "lon"),
		),
		Recv: rapid.Int64().Draw(t, "recv"), Recorded: rapid.Bool().Draw(t, "recorded"),
	}
	r.Speed, r.Heading = between("speed", 0, argos.MaxSpeed), between("heading", 0, 360)
	r.Accuracy, r.HDOP, r.Alt = between(
		"accuracy",
		1e-9,
		argos.MaxAccuracy,
	), between(
		"hdop",
		1e-9,
		argos.MaxHDOP,
	), between(
		"alt",
		argos.MinAlt,
		argos.MaxAlt,
	)
	r.Valid, r.Seq = rapid.Bool().Draw(t, "valid"), rapid.Int64Range(argos.NoSeq, math.MaxInt64).Draw(t, "seq")
	if rapid.Bool().Draw(t, "attrs?") {
		var a attrs
		for k, v := range rapid.MapOfN(rapid.String(), rapid.String(), 0, 5).Draw(t, "attrs") {
			if err := a.add(k, appendString(nil, v)); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if r.Attrs, err = a.appendTo(nil); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func same(a, b *argos.Record) error {
	for i, x := range [...][2]float64{{a.Lat, b.Lat}, {a.Lon, b.Lon}, {a.Speed, b.Speed}, {a.Heading, b.Heading}, {a.Accuracy, b.Accuracy}, {a.HDOP, b.HDOP}, {a.Alt, b.Alt}} {
		if math.Float64bits(x[0]) != math.Float64bits(x[1]) && !(math.IsNaN(x[0]) && math.IsNaN(x[1])) {
			return fmt.Errorf("number %d: %v became %v", i, x[0], x[1])
		}
	}
	if a.TruckID != b.TruckID || a.Time != b.Time || a.Valid != b.Valid || a.Seq != b.Seq || a.Recv != b.Recv ||
		a.Recorded != b.Recorded || string(a.Attrs) != string(b.Attrs) || (a.Attrs == nil) != (b.Attrs == nil) {
		return fmt.Errorf("%+v became %+v", a, b)
	}
	return nil
}

func TestRecordRoundTripsBitByBit(t *testing.T) {
	var p Parser
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t)
		if r.Check() != nil {
			t.Skip("attrs too long")
		}
		b := AppendRecord(nil, &r)
		var back argos.Record
		if err := p.Record(b, &back); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if err := same(&r, &back); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if again := AppendRecord(nil, &back); string(again) != string(b) {
			t.Fatalf("%s became %s", b, again)
		}
		fix := AppendFix(nil, &r.Fix)
		if err := p.Frame(fix, func(f *argos.Fix, err error) {
			if err == nil {
				err = same(&argos.Record{Fix: r.Fix}, &argos.Record{Fix: *f})
			}
			if err != nil {
				t.Fatalf("%s: %v", fix, err)
			}
		}); err != nil {
			t.Fatalf("%s: %v", fix, err)
		}
	})
}

func TestRecordRefusesWhatIsNoRecord(t *testing.T) {
	var p Parser
	for text, says := range map[string]string{
		`{"v":2,"recv":1,"truck_id":"T","ts":1,"lat":1,"lon":2}`:  "v 2 is not a schema version",
		`{"recv":1,"truck_id":"T","ts":1,"lat":1,"lon":2}`:        "v is missing",
		`{"v":1,"truck_id":"T","ts":1,"lat":1,"lon":2}`:           "recv is missing",
		`{"v":1,"recv":1,"truck_id":"T","ts":1,"lat":99,"lon":2}`: "lat 99",
		`[]`:   "not an object",
		`nope`: "the record is not JSON",
		``:     "the record is not JSON",
	} {
		dst := argos.Record{Recv: 42}
		if err := p.Record([]byte(text), &dst); !errors.Is(err, argos.ErrBadFix) ||
			!strings.Contains(err.Error(), says) ||
			dst.Recv != 42 {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
	}
}

func TestRecordSharesNoMemory(t *testing.T) {
	var p Parser
	r := argos.Record{Fix: argos.NewFix("T-1", 5, 1, 2), Recv: 9}
	r.Attrs = []byte(`{"a":"x"}`)
	value := AppendRecord(nil, &r)
	var first, second argos.Record
	if err := p.Record(value, &first); err != nil {
		t.Fatal(err)
	}
	r.TruckID, r.Attrs = "T-2", []byte(`{"a":"y"}`)
	copy(value, AppendRecord(nil, &r))
	if err := p.Record(value, &second); err != nil {
		t.Fatal(err)
	}
	if first.TruckID != "T-1" || string(first.Attrs) != `{"a":"x"}` {
		t.Error("the second record changed the first:", first)
	}
}

// Short decimals and what looks like them, against the standard library's reader and the grammar.
func TestShortDecimalsAreExact(t *testing.T) {
	hits := 0
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(
				`-?[0-9]{1,9}\.[0-9]{1,9}`,
			),
			rapid.StringMatching(`-?[0-9.eE+-]{0,18}`),
			rapid.StringMatching(`-?[1-9][0-9]{0,17}`),
		).Draw(t, "text")
		x, ok := shortDecimal([]byte(text))
		if !ok {
			return
		}
		hits++
		if want, err := strconv.ParseFloat(text, 64); err != nil || !isNumber([]byte(text)) ||
			math.Float64bits(x) != math.Float64bits(want) {
			t.Fatalf("%q: %v, want %v %v", text, x, want, err)
		}
	})
	if hits == 0 {
		t.Error("no text was a short decimal")
	}
}
