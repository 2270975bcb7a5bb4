package sqliteio

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The box is asked of the index of cells, a row of them at a time.
func TestBoxIsAskedOfTheIndex(t *testing.T) {
	plan := explained(t, "explain query plan "+inCellsSQL, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	if want := "SEARCH _argos_trucks USING INDEX _argos_cell (cell>? AND cell<?)"; !slices.Contains(plan, want) {
		t.Errorf("the plan is %q, want %q in it", plan, want)
	}
}

// The usual document, of a truck that is still in its cell, writes to no index.
func TestUsualDocumentWritesNoIndex(t *testing.T) {
	isIndex := func(op string) bool { return strings.HasPrefix(op, "IdxInsert") || strings.HasPrefix(op, "IdxDelete") }
	null := make([]any, 23)
	if code := explained(t, "explain "+updateSQL, 1, null...); slices.ContainsFunc(code, isIndex) ||
		!slices.Contains(code, "Insert") {
		t.Errorf("the usual statement is %v", code)
	}
	if code := explained(t, "explain "+upsertSQL, 1, null...); !slices.ContainsFunc(code, isIndex) {
		t.Errorf("the other statement is %v", code)
	}
}

// explained returns a column of what SQLite says that it would do.
func explained(t *testing.T, query string, column int, args ...any) (steps []string) {
	t.Helper()
	st, err := Open(t.Context(), URI(filepath.Join(t.TempDir(), "trucks.db")))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	rows, err := st.(*store).writer.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, values[column].(*sql.NullString).String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
