package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"argos"
)

const whole = `{"truck_id":"T-17","ts":1700000000123,"lat":48.1,"lon":11.5,"speed":13.25,"heading":90,"accuracy":3.5,"hdop":0.9,"alt":520.1,"valid":true,"seq":7,"attrs":{"b":"x","a":1.50}}`

// frame collects what a frame holds: a fix or the text of an error for each element.
func frame(t *testing.T, b string) (fixes []argos.Fix, errs []string, err error) {
	t.Helper()
	var p Parser
	err = p.Frame([]byte(b), func(f *argos.Fix, err error) {
		if err != nil {
			if !errors.Is(err, argos.ErrBadFix) {
				t.Errorf("%v does not wrap ErrBadFix", err)
			}
			errs = append(errs, err.Error())
			return
		}
		g := *f
		g.Attrs = bytes.Clone(f.Attrs)
		fixes = append(fixes, g)
	})
	if err != nil && !errors.Is(err, argos.ErrBadFix) {
		t.Errorf("%v does not wrap ErrBadFix", err)
	}
	return fixes, errs, err
}

func TestFrameReadsEveryField(t *testing.T) {
	fixes, errs, err := frame(t, whole)
	if err != nil || len(errs) != 0 || len(fixes) != 1 {
		t.Fatal(fixes, errs, err)
	}
	want := argos.Fix{
		TruckID: "T-17", Time: 1700000000123, Lat: 48.1, Lon: 11.5, Speed: 13.25, Heading: 90, Accuracy: 3.5, HDOP: 0.9, Alt: 520.1,
		Valid: true, Seq: 7, Attrs: []byte(`{"a":1.50,"b":"x"}`),
	}
	if g, w := string(AppendFix(nil, &fixes[0])), string(AppendFix(nil, &want)); g != w {
		t.Errorf("got %s\nwant %s", g, w)
	}
}

func TestTimeIsMillisecondsOrRFC3339(t *testing.T) {
	for text, want := range map[string]int64{
		`1700000000123`:                         1700000000123,
		`"2023-11-14T22:13:20.123Z"`:            1700000000123,
		`"2023-11-14T23:13:20.1239+01:00"`:      1700000000123,
		`"2023-11-14T22:13:20Z"`:                1700000000000,
		`"2023\u002d11\u002d14T22:13:20.1230Z"`: 1700000000123,
	} {
		fixes, errs, err := frame(t, `{"truck_id":"T","lat":1,"lon":2,"ts":`+text+`}`)
		if err != nil || len(fixes) != 1 || fixes[0].Time != want {
			t.Errorf("%s: %v %v %v, want %d", text, fixes, errs, err, want)
		}
	}
}

// fields that make the one below them bad, and what the sentence must name.
var bad = []struct{ fields, says string }{
	{`"truck_id":"","ts":1,"lat":1,"lon":2`, "truck_id is empty"},
	{`"truck_id":"a b","ts":1,"lat":1,"lon":2`, `character ' '`},
	{`"truck_id":"a\u0000","ts":1,"lat":1,"lon":2`, `truck_id`},
	{`"truck_id":17,"ts":1,"lat":1,"lon":2`, "truck_id is a number"},
	{`"truck_id":null,"ts":1,"lat":1,"lon":2`, "truck_id is a null"},
	{`"ts":1,"lat":1,"lon":2`, "truck_id is missing"},
	{`"truck_id":"T","lat":1,"lon":2`, "ts is missing"},
	{`"truck_id":"T","ts":1,"lon":2`, "lat is missing"},
	{`"truck_id":"T","ts":1,"lat":2`, "lon is missing"},
	{`"truck_id":"T","ts":1.5,"lat":1,"lon":2`, `ts "1.5" is not an integer`},
	{`"truck_id":"T","ts":1e3,"lat":1,"lon":2`, `ts "1e3"`},
	{`"truck_id":"T","ts":01,"lat":1,"lon":2`, `ts "01"`},
	{`"truck_id":"T","ts":"yesterday","lat":1,"lon":2`, `ts "yesterday"`},
	{`"truck_id":"T","ts":"2023-11-14T2:13:20Z","lat":1,"lon":2`, "RFC 3339"},
	{`"truck_id":"T","ts":99999999999999,"lat":1,"lon":2`, "outside 1970 to 2100"},
	{`"truck_id":"T","ts":99999999999999999999,"lat":1,"lon":2`, "is not an integer"},
	{`"truck_id":"T","ts":1,"lat":91,"lon":2`, "lat 91 is outside -90 to 90"},
	{`"truck_id":"T","ts":1,"lat":NaN,"lon":2`, `lat "NaN" is not a number`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":-Infinity`, ``},
	{`"truck_id":"T","ts":1,"lat":1,"lon":inf`, `lon "inf" is not a number`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":"2"`, `is not a number`},
	{`"truck_id":"T","ts":1,"lat":1.2.3,"lon":2`, `lat "1.2.3"`},
	{`"truck_id":"T","ts":"2023-11-14T02:13:20,5Z","lat":1,"lon":2`, "RFC 3339"},
	{`"truck_id":"T","ts":1,"lat":-.5,"lon":2`, `lat "-.5"`},
	{`"truck_id":"T","ts":1,"lat":+1,"lon":2`, `lat "+1"`},
	{`"truck_id":"T","ts":1,"lat":1.,"lon":2`, `lat "1."`},
	{`"truck_id":"T","ts":1,"lat":1e,"lon":2`, `lat "1e"`},
	{`"truck_id":"T","ts":1,"lat":1e999,"lon":2`, "too large"},
	{`"truck_id":"T","ts":1,"lat":null,"lon":2`, `lat "null" is not a number`},
	{`"truck_id":"T","ts":null,"lat":1,"lon":2`, `ts "null" is not an integer`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"speed":"-1"`, `is not a number`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"speed":NaN`, `speed "NaN" is not a number`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"speed":true`, `speed "true" is not a number`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"speed":null,"speed":1`, "speed comes twice"},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"valid":"yes"`, `valid`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"valid":0`, `valid "0" is neither`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"seq":-1`, "seq -1 is negative"},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"seq":9223372036854775808`, "seq"},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"recv":3`, `unknown field "recv"`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"v":1`, `unknown field "v"`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"recorded":true`, `unknown field "recorded"`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"Speed":3`, `unknown field "Speed"`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"lat":3`, "lat comes twice"},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"l\u0061t":3`, "lat comes twice"},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"attrs":[1]`, "attrs is a array"},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"attrs":{"a":{}}`, "flat"},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"attrs":{"a":1,"\u0061":2}`, `"a" twice`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"attrs":{"a":01}`, `attrs is not JSON`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"attrs":{"a":NaN}`, `attrs is not JSON`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"attrs":{"a":"\q"}`, `attrs is not JSON`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"attrs":{"a` + "\x01" + `":1}`, `attrs is not JSON`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"attrs":{"a":"` + "\xff" + `"}`, `not UTF-8`},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"attrs":{"a":"` + strings.Repeat("x", 1100) + `"}`, "attrs has 1108 bytes"},
	{`"truck_id":"T","ts":1,"lat":1,"lon":2,"attrs":{"a":"` + strings.Repeat("x", 9999) + `"}`, "attrs has"},
}

func TestBadFixIsOneSentenceAndTheRestGoesOn(t *testing.T) {
	for _, c := range bad {
		const good = `{"truck_id":"G","ts":5,"lat":6,"lon":7}`
		fixes, errs, err := frame(t, `[`+good+`,{`+c.fields+`},`+good+`]`)
		if c.says == "" { // what fastjson cannot get past is the frame's error
			if err == nil {
				t.Errorf("%s: accepted", c.fields)
			}
			continue
		}
		if err != nil || len(errs) != 1 || len(fixes) != 2 {
			t.Errorf("%s: %d fixes, errors %q, %v", c.fields, len(fixes), errs, err)
			continue
		}
		if !strings.Contains(errs[0], c.says) || len(errs[0]) > 200 || strings.ContainsAny(errs[0], "\n\x01") ||
			!utf8.ValidString(errs[0]) {
			t.Errorf("%s:\n%q does not say %q in one short line", c.fields, errs[0], c.says)
		}
	}
}

// What a device does not know costs it no position, and nothing of it gets into the log.
func TestUnknownQuantitiesAreLeftOut(t *testing.T) {
	const known = `{"truck_id":"T","ts":1,"lat":1,"lon":2}`
	for _, unknown := range []string{
		`"speed":null`, `"heading":null`, `"accuracy":null`, `"hdop":null`, `"alt":null`, `"valid":null`, `"seq":null`, `"attrs":null`,
		`"speed":-1,"heading":-1`, `"speed":1001`, `"speed":1e300`, `"heading":361`, `"heading":511`, `"accuracy":-1`, `"accuracy":0`,
		`"accuracy":-2147473`, `"hdop":99.99`, `"hdop":0`, `"alt":-32768`, `"alt":-99999`,
	} {
		fixes, errs, err := frame(t, `{"truck_id":"T","ts":1,"lat":1,"lon":2,`+unknown+`}`)
		if err != nil || len(errs) != 0 || len(fixes) != 1 {
			t.Errorf("%s: %d fixes, %q, %v", unknown, len(fixes), errs, err)
			continue
		}
		if got := string(AppendFix(nil, &fixes[0])); got != known {
			t.Errorf("%s became %s", unknown, got)
		}
	}
}

func TestRefusedFixStillNamesItsTruck(t *testing.T) {
	var p Parser
	for text, want := range map[string]string{
		`{"zzz":1,"truck_id":"T","ts":1,"lat":1,"lon":2}`:        "T",
		`{"truck_id":"T","ts":1,"lat":91,"lon":2}`:               "T",
		`{"ts":1,"lat":91,"lon":2,"truck_id":"no way"}`:          "",
		`{"truck_id":"T","truck_id":"U","ts":1,"lat":9}`:         "T",
		`{"ts":1,"lat":91,"lon":2}`:                              "",
		`[3]`:                                                    "",
		`{"zzz":1,"truck_id":3,"ts":1,"lat":1,"lon":2}`:          "",
		`{"zzz":1,"truck_id":"` + strings.Repeat("x", 99) + `"}`: "",
	} {
		n := 0
		if err := p.Frame([]byte(text), func(f *argos.Fix, err error) {
			n++
			if err == nil || f.TruckID != want {
				t.Errorf("%s: truck %q, error %v; want truck %q and an error", text, f.TruckID, err, want)
			}
		}); err != nil || n != 1 {
			t.Errorf("%s: %d elements, %v", text, n, err)
		}
	}
}

func TestElementTextIsThatOfTheElement(t *testing.T) {
	var p Parser
	var got []string
	if err := p.Frame([]byte(`[ {"a": 1}, 7, "x" ]`), func(*argos.Fix, error) {
		got = append(got, string(p.AppendElement(nil)))
	}); err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(got, " "); s != `{"a":1} 7 "x"` {
		t.Error(s)
	}
}

func TestFrameThatIsNoFixAtAll(t *testing.T) {
	for text, says := range map[string]string{
		``:                 "unexpected end of JSON input",
		`{"truck_id":`:     "unexpected end",
		`garbage`:          "invalid character 'g'",
		"\x00\x01\x02\xff": "invalid character",
		`7`:                "is a number, not an object",
		`"x"`:              "is a string",
		`null`:             "is a null",
		`true`:             "is a boolean",
		`{} {}`:            "invalid character '{'",
		`[1,]`:             "invalid character ']'",
		strings.Repeat(`[`, 500) + strings.Repeat(`]`, 500): "nested too deeply",
	} {
		_, _, err := frame(t, text)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
	if _, errs, err := frame(t, `[`+strings.Repeat(`7,`, MaxFixes)+`7]`); err == nil || len(errs) != 0 ||
		!strings.Contains(err.Error(), "10001 elements") {
		t.Error("a frame of too many:", len(errs), err)
	}
	if fixes, errs, err := frame(t, ` [ ] `); len(fixes)+len(errs) != 0 || err != nil {
		t.Error("an empty array holds nothing and is no error:", fixes, errs, err)
	}
}

func TestAttrsAreCanonical(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                   `{}`,
		`{ "b" : true , "a" : null }`:          `{"a":null,"b":true}`,
		`{"\u0062":"\u0061","a":1e5}`:          `{"a":1e5,"b":"a"}`,
		`{"k":"a\/b<>&"}`:                      `{"k":"a/b<>&"}`,
		`{"k":"\u00e9é\n\u0001\"\\"}`:          `{"k":"éé\n\u0001\"\\"}`,
		`{"k":"\ud83d\ude9a"}`:                 `{"k":"🚚"}`,
		`{"z":123456789012345678901234567890}`: `{"z":123456789012345678901234567890}`,
	} {
		fixes, errs, err := frame(t, `{"truck_id":"T","ts":1,"lat":1,"lon":2,"attrs":`+text+`}`)
		if err != nil || len(fixes) != 1 || string(fixes[0].Attrs) != want {
			t.Errorf("%s: %v %v %v, want %s", text, fixes, errs, err, want)
		}
	}
}
