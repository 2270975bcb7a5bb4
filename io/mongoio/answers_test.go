package mongoio_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"argos"
)

func is(command bson.D, name string) bool { return command[0].Key == name }

func trucks(n int) (all []argos.Truck) {
	for i := range n {
		all = append(all, document(n-i, 1))
	}
	return all
}

func marksOf(n int) (all []argos.Mark) {
	for i := range n {
		all = append(all, argos.Mark{Topic: "a", Partition: int32(i), Epoch: 1, Offset: 10})
	}
	return all
}

// Whatever the address says: writes wait for the journals of a majority, reads see nothing that could be rolled back,
// and they ask the primary.
func TestDurability(t *testing.T) {
	server := script(t, nil)
	s := open(t, server.uri+"?w=0&journal=false&readConcernLevel=local&readPreference=secondaryPreferred")
	_, err := s.Upsert(t.Context(), trucks(1203))
	must(t, err)
	must(t, s.SetMarks(t.Context(), marksOf(2)))
	_, err = s.Truck(t.Context(), "truck-00001")
	if !errors.Is(err, argos.ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}
	_, err = s.Marks(t.Context(), "a")
	must(t, err)
	updates := server.commands("update")
	if len(updates) != 4 {
		t.Errorf("%d update commands, want 3 for the trucks and 1 for the marks", len(updates))
	}
	for _, u := range updates {
		if c, ok := field(u, "writeConcern").(bson.D); !ok || field(c, "w") != "majority" || field(c, "j") != true {
			t.Errorf("write concern %v", field(u, "writeConcern"))
		}
		ops, ids := field(u, "updates").(bson.A), []string{}
		for _, op := range ops {
			ids = append(ids, field(field(op.(bson.D), "q").(bson.D), "_id").(string))
		}
		if len(ids) > 500 || !slices.IsSorted(ids) || field(u, "ordered") != false {
			t.Errorf("%d operations, sorted %v, ordered %v", len(ids), slices.IsSorted(ids), field(u, "ordered"))
		}
	}
	for _, f := range server.commands("find") {
		if c, ok := field(f, "readConcern").(bson.D); !ok || field(c, "level") != "majority" {
			t.Errorf("read concern %v", field(f, "readConcern"))
		}
		if p := field(f, "$readPreference"); p != nil && field(p.(bson.D), "mode") != "primary" &&
			field(p.(bson.D), "mode") != "primaryPreferred" {
			t.Errorf("read preference %v", p)
		}
	}
}

// A write that a majority may not have is none.
func TestWriteConcernFails(t *testing.T) {
	server := script(t, func(c bson.D) bson.D {
		if !is(c, "update") {
			return nil
		}
		return bson.D{{Key: "n", Value: 1}, {Key: "nModified", Value: 1}, {Key: "ok", Value: 1}, {
			Key:   "writeConcernError",
			Value: bson.D{{Key: "code", Value: 64}, {Key: "errmsg", Value: "waiting for replication timed out"}},
		}}
	})
	s := open(t, server.uri)
	if _, err := s.Upsert(t.Context(), trucks(1)); err == nil {
		t.Error("the document passes for written")
	}
	if err := s.SetMarks(t.Context(), marksOf(1)); err == nil {
		t.Error("the mark passes for written")
	}
}

// Two writers insert one truck: the later one is told of a duplicate key though it is the newer, and tries again.
func TestInsertRace(t *testing.T) {
	var calls atomic.Int32
	server := script(t, func(c bson.D) bson.D {
		if is(c, "update") && calls.Add(1) == 1 {
			return writeErrors(c, map[int]int{1: 11000, 3: 11000})
		}
		return nil
	})
	refused, err := open(t, server.uri).Upsert(t.Context(), trucks(5))
	if err != nil || len(refused) > 0 {
		t.Errorf("refused %v, error %v", refused, err)
	}
	updates := server.commands("update")
	if len(updates) != 2 {
		t.Fatalf("%d commands, want 2", len(updates))
	}
	again := field(updates[1], "updates").(bson.A)
	for i, want := range []string{"truck-00002", "truck-00004"} {
		if len(again) != 2 || field(field(again[i].(bson.D), "q").(bson.D), "_id") != want {
			t.Fatalf("tried again: %v", again)
		}
	}
}

func TestOneRefused(t *testing.T) {
	server := script(t, func(c bson.D) bson.D {
		if is(c, "update") && field(c, "update") == "trucks" {
			return writeErrors(c, map[int]int{2: 121, 4: 121})
		}
		return nil
	})
	_, err := open(t, server.uri).Upsert(t.Context(), trucks(6))
	var ids []string
	for _, e := range unjoined(err) {
		if u, ok := errors.AsType[*argos.Unwritable](e); ok {
			ids = append(ids, u.ID)
		}
	}
	slices.Sort(ids)
	if !slices.Equal(ids, []string{"truck-00003", "truck-00005"}) {
		t.Errorf("error %v names %v", err, ids)
	}
}

// unjoined are the errors that were joined into one, however it was wrapped then.
func unjoined(err error) []error {
	for ; err != nil; err = errors.Unwrap(err) {
		if j, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // walking the chain
			return j.Unwrap()
		}
	}
	return nil
}

// What may pass is not the document's fault: a document that is called unwritable is given up.
func TestPassingErrors(t *testing.T) {
	id := bson.E{Key: "keyPattern", Value: bson.D{{Key: "_id", Value: 1}}}
	for name, answer := range map[string]func(bson.D) bson.D{
		"a write conflict":        func(c bson.D) bson.D { return writeErrors(c, map[int]int{0: 112}) },
		"no primary any more":     func(bson.D) bson.D { return failed(10107, "NotWritablePrimary") },
		"the document went back":  func(c bson.D) bson.D { return writeErrors(c, map[int]int{0: 11000}, id) },
		"the disk is full":        func(bson.D) bson.D { return failed(14031, "OutOfDiskSpace") },
		"the user may not write":  func(bson.D) bson.D { return failed(13, "Unauthorized") },
		"one the store knows not": func(c bson.D) bson.D { return writeErrors(c, map[int]int{0: 987654}) },
	} {
		t.Run(name, func(t *testing.T) {
			server := script(t, func(c bson.D) bson.D {
				if is(c, "update") {
					return answer(c)
				}
				return nil
			})
			s := open(t, server.uri)
			_, err := s.Upsert(t.Context(), trucks(3))
			if _, unwritable := errors.AsType[*argos.Unwritable](err); err == nil || unwritable {
				t.Errorf("error %v, want one that is not of a document", err)
			}
			if err := s.SetMarks(t.Context(), marksOf(3)); err == nil {
				t.Error("the marks pass for written")
			}
		})
	}
}

// A server that repeats documents within an answer costs a page nothing.
func TestRepeats(t *testing.T) {
	all := []string{"a", "b", "c", "d", "e"}
	server := script(t, func(c bson.D) bson.D {
		if !is(c, "find") {
			return nil
		}
		after := field(field(field(c, "filter").(bson.D), "_id").(bson.D), "$gt").(string)
		limit := int(field(c, "limit").(int64))
		var found []bson.D
		for _, id := range all {
			if id > after {
				rev := int64(len(found) + 1)
				found = append(found, stored(id, rev), stored(id, rev+1), stored("a", 1)) // twice, and one from before
			}
		}
		return cursor(found[:min(limit, len(found))]...)
	})
	s := open(t, server.uri)
	for limit := 1; limit <= 6; limit++ {
		page, err := s.After(t.Context(), "", limit)
		must(t, err)
		var ids []string
		for _, x := range page {
			ids = append(ids, x.ID)
		}
		if want := all[:min(limit, len(all))]; !slices.Equal(ids, want) {
			t.Errorf("a page of %d is %v, want %v", limit, ids, want)
		}
	}
}

func stored(id string, rev int64) bson.D {
	return bson.D{
		{Key: "_id", Value: id},
		{Key: "status", Value: "moving"},
		{Key: "_argos", Value: bson.D{{Key: "rev", Value: rev}}},
	}
}

// A server that hangs comes out as an error, from each call.
func TestHungServer(t *testing.T) {
	var hung atomic.Bool
	server := script(t, func(c bson.D) bson.D {
		if hung.Load() {
			return hang
		}
		return nil
	})
	s := open(t, server.uri+"?timeoutMS=1000&connectTimeoutMS=1000")
	hung.Store(true)
	for name, call := range map[string]func() error{
		"Truck":    func() error { _, err := s.Truck(context.Background(), "a"); return err },
		"Upsert":   func() error { _, err := s.Upsert(context.Background(), trucks(1200)); return err },
		"SetMarks": func() error { return s.SetMarks(context.Background(), marksOf(1)) },
		"Ping":     func() error { return s.Ping(context.Background()) },
	} {
		if err := call(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v, want context.DeadlineExceeded", name, err)
		}
	}
	hung.Store(false)
	eventually(
		t,
		"the store writes again",
		func() bool { _, err := s.Upsert(context.Background(), trucks(1)); return err == nil },
	)
}

// A user who may only read can open a store that has its indexes; one who may not make them is told.
func TestReadOnlyUser(t *testing.T) {
	script := func(indexes bson.D) *scripted {
		return script(t, func(c bson.D) bson.D {
			switch {
			case is(c, "listIndexes"):
				return indexes
			case is(c, "createIndexes"), is(c, "update"):
				return failed(13, "Unauthorized")
			}
			return nil
		})
	}
	open(t, script(nil).uri)
	refuses(t, script(cursor()).uri, "this user may not do that")
	refuses(t, script(failed(13, "Unauthorized")).uri, "this user may not do that")
}

func TestErrorsNameTheTruck(t *testing.T) {
	server := script(t, func(c bson.D) bson.D {
		if is(c, "find") {
			return cursor(
				append(
					stored("T-9", 1)[:1:1],
					bson.E{Key: "status", Value: "flying"},
					bson.E{Key: "_argos", Value: bson.D{}},
				),
			)
		}
		return nil
	})
	_, err := open(t, server.uri).Truck(t.Context(), "T-9")
	if want := `a document that can't be read: truck "T-9" has the unknown status "flying"`; err == nil ||
		err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
