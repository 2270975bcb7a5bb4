package wire

import (
	"testing"

	"argos"
)

func FuzzFrame(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`[` + whole + `,` + whole + `]`))
	f.Add([]byte(`[{"truck_id":"T","ts":"2023-11-14T22:13:20.5+01:00","lat":-0,"lon":1e-7,"attrs":{"k":"\ud83d\ude9a","\u0061":null}},7]`))
	for _, c := range bad {
		f.Add([]byte(`{` + c.fields + `}`))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, q Parser
		_ = p.Frame(b, func(x *argos.Fix, err error) {
			p.AppendElement(nil)
			if err != nil {
				return
			}
			text := AppendFix(nil, x)
			if err := q.Frame(text, func(y *argos.Fix, err error) {
				if err == nil {
					err = same(&argos.Record{Fix: *x}, &argos.Record{Fix: *y})
				}
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				if again := AppendFix(nil, y); string(again) != string(text) {
					t.Fatalf("%s became %s", text, again)
				}
			}); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		})
	})
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"v":1,"recv":1700000000200,` + whole[1:]))
	f.Add([]byte(`{"v":1,"recv":-5,"recorded":true,"truck_id":"T","ts":1,"lat":1,"lon":2,"valid":false}`))
	f.Add([]byte(`{"v":1,"recv":0,"truck_id":"T","ts":1,"lat":1,"lon":2,"attrs":{"a":"\u2028"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Parser
		var x, y argos.Record
		if p.Record(b, &x) != nil {
			return
		}
		text := AppendRecord(nil, &x)
		if err := p.Record(text, &y); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err := same(&x, &y); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if again := AppendRecord(nil, &y); string(again) != string(text) {
			t.Fatalf("%s became %s", text, again)
		}
	})
}
