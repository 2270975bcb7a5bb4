package storeio

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"argos"
)

// TestUnwritable: documents that the store itself refuses hold up neither the others nor, once the store has changed
// its mind, themselves; until then nothing of the bundle is acknowledged.
func TestUnwritable(t *testing.T) {
	f, store := sink(t)
	db, err := sql.Open("sqlite", strings.TrimPrefix(f.Config.StoreURI, "sqlite:")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, id := range []string{"B", "C"} {
		_, err := db.Exec(fmt.Sprintf(`create trigger no%[1]s before insert on _argos_trucks when new.id = '%[1]s'
			begin select raise(abort, 'not this one'); end`, id))
		if err != nil {
			t.Fatal(err)
		}
	}
	type result struct {
		acked []argos.Part
		err   error
	}
	done := make(chan result, 1)
	go func() {
		acked, err := bundle(
			t.Context(),
			t,
			f,
			part(0, truck("A", 1, ""), truck("B", 1, ""), truck("C", 1, ""), truck("D", 1, "")),
		)
		done <- result{acked, err}
	}()
	for n := 0; n < 2 || testutil.ToFloat64(unwritable) != 2; { // the others are visible meanwhile
		trucks, err := store.Trucks(t.Context(), []string{"A", "B", "C", "D"})
		if err != nil {
			t.Fatal(err)
		}
		n = len(trucks)
		if n > 2 {
			t.Fatalf("%d documents are stored, of which the store refuses two", n)
		}
	}
	select {
	case r := <-done:
		t.Fatalf("the bundle ended while the store refuses: %+v", r)
	default:
	}
	for _, id := range []string{"B", "C"} {
		if _, err := db.Exec("drop trigger no" + id); err != nil {
			t.Fatal(err)
		}
	}
	if r := <-done; r.err != nil || len(r.acked) != 1 {
		t.Fatalf("%+v", r)
	}
	if trucks, err := store.Trucks(t.Context(), []string{"A", "B", "C", "D"}); err != nil || len(trucks) != 4 {
		t.Errorf("%d documents, %v", len(trucks), err)
	}
	if n := testutil.ToFloat64(unwritable); n != 0 {
		t.Errorf("%v documents are still counted as refused", n)
	}
}
