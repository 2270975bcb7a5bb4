package traceio

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// readText reads a text as a drive in a file of that name.
func readText(t *testing.T, name, text string, date time.Time) ([]Row, *Reader) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(Drive{Name: "set_d", Fixes: path, Date: date})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var rows []Row
	for {
		row, err := r.Next()
		if err != nil {
			return rows, r
		}
		rows = append(rows, row)
	}
}

// said is what a file's rows are, in short: the times of fixes, and reasons.
func said(rows []Row) string {
	var b []string
	for _, r := range rows {
		if r.Err != nil {
			b = append(b, reasonOf(r.Err).Error())
			continue
		}
		b = append(b, stamp(r.Fix.Time)[:19])
	}
	return strings.Join(b, "\n")
}

func gga(clock string) string {
	return sum("GPGGA," + clock + ",5154.0000,N,00430.0000,E,1,09,0.9,1,M,46,M,,")
}

func rmc(clock, date string) string {
	return sum("GPRMC," + clock + ",A,5154.0000,N,00430.0000,E,20.0,90.5," + date + ",,,A")
}

// unsummed leaves the checksum out.
func unsummed(sentence string) string { return sentence[:len(sentence)-3] }

func TestNMEADates(t *testing.T) {
	given := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	empty := sum("GPRMC,,V,,,,,,,,,,N")
	remarks := strings.Repeat(
		"# what the receiver was, and where\n",
		100,
	) + strings.Repeat(
		"\x01\xb5\x62$\xff\x00",
		1000,
	)
	for name, c := range map[string]struct {
		lines []string
		date  time.Time
		want  string
	}{
		"told late":                  {[]string{gga("100000"), gga("100001"), rmc("100002", "020326")}, time.Time{}, "2026-03-02T10:00:00\n2026-03-02T10:00:01\n2026-03-02T10:00:02"},
		"told late, over a midnight": {[]string{gga("235959"), gga("000000"), rmc("000001", "010126")}, time.Time{}, "2025-12-31T23:59:59\n2026-01-01T00:00:00\n2026-01-01T00:00:01"},
		"over two midnights": {
			[]string{gga("200000"), gga("040000"), gga("120000"), gga("200000"), gga("040000"), rmc("040001", "030326")},
			time.Time{},
			"2026-03-01T20:00:00\n2026-03-02T04:00:00\n2026-03-02T12:00:00\n2026-03-02T20:00:00\n2026-03-03T04:00:00\n2026-03-03T04:00:01",
		},
		"told at last, by ZDA":   {[]string{gga("100000"), gga("100001"), sum("GPZDA,100000.00,00,00,0000,00,00"), sum("GPZDA,100001.00,02,03,2026,00,00")}, time.Time{}, "2026-03-02T10:00:00\n2026-03-02T10:00:01"},
		"an empty date first":    {[]string{rmc("100000", "000000"), rmc("100001", ""), rmc("100002", "020326")}, time.Time{}, "2026-03-02T10:00:00\n2026-03-02T10:00:01\n2026-03-02T10:00:02"},
		"given":                  {[]string{gga("235959"), gga("000001")}, given, "2026-03-02T23:59:59\n2026-03-03T00:00:01"},
		"given, and told":        {[]string{gga("100000"), rmc("100001", "050326")}, given, "2026-03-05T10:00:00\n2026-03-05T10:00:01"},
		"neither":                {[]string{gga("100000"), gga("100001")}, time.Time{}, errNoDate.Error() + "\n" + errNoDate.Error()},
		"after remarks":          {[]string{remarks + rmc("100002", "020326")}, time.Time{}, "2026-03-02T10:00:02"},
		"no checksums":           {[]string{unsummed(gga("100000")), unsummed(rmc("100001", "020326"))}, time.Time{}, "2026-03-02T10:00:00\n2026-03-02T10:00:01"},
		"one without a checksum": {[]string{unsummed(gga("100000")), rmc("100001", "020326")}, time.Time{}, "sentence does not contain checksum separator\n2026-03-02T10:00:01"},
		"cut off, no checksums":  {[]string{unsummed(rmc("100001", "020326")), unsummed(gga("100002"))[:30]}, time.Time{}, "the last line is half-written\n2026-03-02T10:00:01"},
		"no times":               {[]string{empty, sum("GPGGA,,,,,,0,,,,,,,,"), rmc("100001", "020326")}, time.Time{}, "the receiver tells no time\nthe receiver tells no time\n2026-03-02T10:00:01"},
	} {
		rows, r := readText(t, "receiver.log", strings.Join(c.lines, "\r\n"), c.date)
		if got := said(rows); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
		if notes := strings.Join(r.Notes(), ""); strings.Contains(
			name,
			"no checksums",
		) != strings.Contains(
			notes,
			"has a checksum",
		) {
			t.Errorf("%s: %q", name, notes)
		}
	}
}

// A row without a position keeps the place of its time in the day, whichever way the date comes.
func TestNMEARefusedRowsDateToo(t *testing.T) {
	lines := []string{gga("235958"), sum("GPGGA,235959,,,,,0,00,,,M,,M,,"), gga("000000"), rmc("000001", "010126")}
	rows, _ := readText(t, "a.nmea", strings.Join(lines, "\n"), time.Time{})
	if want := "2025-12-31T23:59:58\nthe receiver tells no position\n2026-01-01T00:00:00\n2026-01-01T00:00:01"; said(
		rows,
	) != want {
		t.Errorf("%s", said(rows))
	}
}
