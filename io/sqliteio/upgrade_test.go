package sqliteio_test

import (
	"database/sql"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"argos"
)

// schema1 and schema2 are the tables as older versions made them.
const schema1 = `
create table trucks(
	id text not null unique, rev integer not null, pos_epoch integer not null, pos_partition integer not null,
	pos_next integer not null, time integer not null, recv integer not null, lat, lon, raw_lat, raw_lon, speed, heading,
	accuracy, status text not null, fixes integer not null, duplicates integer not null, late integer not null,
	rejected integer not null, updated integer not null, attrs text, track blob
);
create index trucks_place on trucks(lat, lon);
create index trucks_updated on trucks(updated);
create table marks(
	topic text not null, partition integer not null, epoch integer not null, next integer not null,
	primary key(topic, partition)
) without rowid;
insert into marks values('a', 3, 2, 99);
pragma application_id = 0x4172676f; pragma user_version = 1;`

const schema2 = schema1 + `
alter table marks add column time integer not null default 0; pragma user_version = 2;`

func sqlite(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestUpgrade: the documents of an older file are the same afterwards, bit for bit, and are found in boxes.
func TestUpgrade(t *testing.T) {
	for version, schema := range map[int]string{1: schema1, 2: schema2} {
		path := filepath.Join(t.TempDir(), "trucks.db")
		db := sqlite(t, path)
		if _, err := db.Exec(schema); err != nil {
			t.Fatal(err)
		}
		want := map[string]argos.Truck{}
		for i := range 200 {
			x := document(i, int64(i+1))
			x.Updated = 1_700_000_001_000
			switch i % 4 {
			case 0:
				x.Lat, x.Lon, x.Time = math.NaN(), math.NaN(), 0
			case 1:
				x.Attrs, x.Lat, x.Lon = []byte(`{"load":1.0}`), math.Copysign(0, -1), -180
			case 2:
				x.Lat, x.Lon = 90, 180
			}
			want[x.ID] = x
			_, err := db.Exec(
				`insert into trucks values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				x.ID,
				x.Rev,
				x.Pos.Epoch,
				x.Pos.Partition,
				x.Pos.Next,
				x.Time,
				x.Recv,
				x.Lat,
				x.Lon,
				x.Raw.Lat,
				x.Raw.Lon,
				x.Speed,
				x.Heading,
				x.Accuracy,
				x.Status.String(),
				x.Fixes,
				x.Duplicates,
				x.Late,
				x.Rejected,
				x.Updated,
				null(x.Attrs),
				x.Track,
			)
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		s := open(t, path)
		for id, w := range want {
			got, err := s.Truck(t.Context(), id)
			if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", w) {
				t.Fatalf("from version %d, %s is\n%+v, error %v, want\n%+v", version, id, got, err, w)
			}
			if w.Lat != w.Lat {
				continue
			}
			found, err := s.InBox(t.Context(), argos.Box{West: w.Lon, East: w.Lon, South: w.Lat, North: w.Lat}, 1000)
			if err != nil || !contains(found, id) {
				t.Errorf("from version %d, %s is not found where it is: error %v", version, id, err)
			}
		}
		marks, err := s.Marks(t.Context(), "a")
		if err != nil || len(marks) != 1 || marks[0] != (argos.Mark{Topic: "a", Partition: 3, Epoch: 2, Offset: 99}) {
			t.Errorf("from version %d, the marks are %+v, error %v", version, marks, err)
		}
		if refused, err := s.Upsert(t.Context(), []argos.Truck{document(1, 1), document(2, 1000)}); err != nil ||
			len(refused) != 1 {
			t.Errorf("from version %d: refused %v, error %v", version, refused, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func contains(trucks []argos.Truck, id string) bool {
	for _, x := range trucks {
		if x.ID == id {
			return true
		}
	}
	return false
}

func null(b []byte) any {
	if b == nil {
		return nil
	}
	return string(b)
}

// The view has the names of the documents, times that compare with SQLite's own, and null for what is not known.
func TestView(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trucks.db")
	s := open(t, path)
	defer s.Close()
	x, unknown := document(1, 7), document(2, 1)
	x.Lat, x.Lon, x.Attrs = 51.92, 4.480000049, []byte(`{"b":1.0}`)
	unknown.Lat, unknown.Lon, unknown.Time, unknown.Heading = math.NaN(), math.NaN(), 0, math.NaN()
	if _, err := s.Upsert(t.Context(), []argos.Truck{x, unknown}); err != nil {
		t.Fatal(err)
	}
	db := sqlite(t, path)
	for id, want := range map[string]string{
		"truck-00001": `{"type":"Point","coordinates":[4.48,51.92]}|51.92|` +
			`2023-11-14 22:13:27.000|2023-11-14 22:13:27.100|271.5|moving|` +
			`{"b":1.0}|{"rev":7,"pos":{"epoch":1,"partition":1,"offset":70}}`,
		"truck-00002": `-|-|-|2023-11-14 22:13:21.100|-|moving|-|{"rev":1,"pos":{"epoch":1,"partition":2,"offset":10}}`,
	} {
		row := db.QueryRow(
			`select location, lat, time, recv, heading, status, attrs, _argos from trucks where _id = ?`,
			id,
		)
		values := make([]any, 8)
		for i := range values {
			values[i] = new(sql.NullString)
		}
		if err := row.Scan(values...); err != nil {
			t.Fatal(err)
		}
		got := make([]string, 0, len(values))
		for _, v := range values {
			if s := v.(*sql.NullString); s.Valid {
				got = append(got, s.String)
			} else {
				got = append(got, "-")
			}
		}
		if g := strings.Join(got, "|"); g != want {
			t.Errorf("%s shows as\n%s, want\n%s", id, g, want)
		}
	}
	var recent int
	err := db.QueryRow(`select count(*) from trucks where updated > datetime('now', '-1 minute')
		and time < datetime('now', '-1 minute')`).
		Scan(&recent)
	if err != nil || recent != 1 {
		t.Errorf("%d trucks are just written and of an older time, error %v, want 1", recent, err)
	}
}

// Every millisecond comes out as itself.
func TestViewTimes(t *testing.T) {
	db := sqlite(t, filepath.Join(t.TempDir(), "x.db"))
	rapid.Check(t, func(rt *rapid.T) {
		ms := rapid.Int64Range(0, 253_402_300_799_999).Draw(rt, "ms")
		var got string
		err := db.QueryRow(`select strftime('%Y-%m-%d %H:%M:%f', ?1 / 1000.0, 'unixepoch')`, ms).Scan(&got)
		if err != nil {
			rt.Fatal(err)
		}
		if want := time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000"); got != want {
			rt.Fatalf("%d is %s, want %s", ms, got, want)
		}
	})
}
