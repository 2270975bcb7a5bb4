package wire

// isNumber says whether b is a number by the grammar of RFC 8259, section 6.
func isNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	n := digits(b)
	if n == 0 || n > 1 && b[0] == '0' {
		return false
	}
	b = b[n:]
	if len(b) > 0 && b[0] == '.' {
		n = digits(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		n = digits(b)
		return n > 0 && n == len(b)
	}
	return len(b) == 0
}

// digits counts those at the head of b.
func digits(b []byte) int {
	for i, c := range b {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(b)
}

// exact are the powers of ten that a float64 holds exactly, as far as shortDecimal needs them.
var exact = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// shortDecimal reads a number without exponent and of at most 15 digits, which is what devices send. Its digits and the
// power of ten under them are exact in a float64, so that the one division rounds correctly (W. D. Clinger, "How to read
// floating point numbers accurately", 1990). Not ok: it is another number, or none.
func shortDecimal(b []byte) (x float64, ok bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 16 || b[0] == '0' && len(b) > 1 && b[1] != '.' {
		return 0, false
	}
	mantissa, point := uint64(0), -1
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
			mantissa = mantissa*10 + uint64(c-'0')
		case c == '.' && point < 0 && i > 0 && i < len(b)-1:
			point = i
		default:
			return 0, false
		}
	}
	x = float64(mantissa)
	switch {
	case point >= 0:
		x /= exact[len(b)-1-point]
	case len(b) > 15:
		return 0, false
	}
	if negative {
		x = -x
	}
	return x, true
}
