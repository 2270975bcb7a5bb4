package sqliteio_test

import (
	"database/sql"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"argos"
)

// TestQueriesOfTheDocs runs every SQL example of docs/QUERIES.md. Each must find T-17, which is where and when they
// look, and none T-99, which is not.
func TestQueriesOfTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/QUERIES.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(examples) < 7 {
		t.Fatalf("%d examples", len(examples))
	}
	path := filepath.Join(t.TempDir(), "trucks.db")
	s := open(t, path)
	defer s.Close()
	day := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC).UnixMilli()
	here, far := document(17, 3), document(99, 3)
	here.ID, here.Time, here.Lat, here.Lon, here.Attrs = "T-17", day, 51.921, 4.481, []byte(`{"driver":"Ada"}`)
	far.ID, far.Time, far.Lat, far.Lon, far.Status = "T-99", day-48*3_600_000, math.NaN(), math.NaN(), argos.Tentative
	if _, err := s.Upsert(t.Context(), []argos.Truck{here, far}); err != nil {
		t.Fatal(err)
	}
	db := sqlite(t, path)
	if _, err := db.Exec(`update _argos_trucks set updated = 0 where id = 'T-99'`); err != nil {
		t.Fatal(err)
	}
	for _, x := range examples {
		ids := firstColumn(t, db, x[1])
		if !ids["T-17"] || ids["T-99"] {
			t.Errorf("%s finds %v, want T-17 and not T-99", x[1], ids)
		}
	}
}

func firstColumn(t *testing.T, db *sql.DB, query string) map[string]bool {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for rows.Next() {
		var id string
		values := []any{&id}
		for range columns[1:] {
			values = append(values, new(any))
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		found[id] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}
