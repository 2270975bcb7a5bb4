package traceio

import (
	"errors"
	"strconv"

	"argos"
	"argos/wire"
)

// frames is a file of newline-delimited JSON as a gateway takes it: a fix, or an array of them, a line. Each is its own row.
type frames struct {
	lines
	parser wire.Parser
	ready  []Row
}

func (f *frames) row() (Row, error) {
	for len(f.ready) == 0 {
		line, err := f.next()
		if errors.Is(err, errLong) {
			return Row{line: f.line, Err: err}, nil
		}
		if err != nil {
			return Row{}, err
		}
		f.ready = f.ready[:0]
		err = f.parser.Frame(line, func(fix *argos.Fix, err error) {
			r := Row{line: f.line, Fix: *fix, Err: err}
			if err == nil {
				r.TMs = strconv.FormatInt(fix.Time, 10)
			}
			r.Fix.Attrs = append([]byte(nil), fix.Attrs...)
			f.ready = append(f.ready, r)
		})
		if err != nil {
			if f.torn && errors.Is(err, wire.ErrNotJSON) {
				err = errTorn
			}
			f.ready = append(f.ready, Row{line: f.line, Err: err})
		}
	}
	r := f.ready[0]
	f.ready = f.ready[1:]
	return r, nil
}
