package mongoio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"

	"argos"
)

// bulkSize is the most upserts in one command. Larger ones are no faster, and keep a lock for longer.
const bulkSize = 500

// Upsert writes the documents in bulks, each sorted by id so that several writers lock them in one order. A call that
// fails has written some of its documents: whoever repeats it finds those refused by the ones that it wrote.
//
// Updated is the server's clock, which all writers share.
func (s *store) Upsert(ctx context.Context, trucks []argos.Truck) ([]argos.Refusal, error) {
	if len(trucks) == 0 {
		return nil, ctx.Err()
	}
	sorted := make([]*argos.Truck, len(trucks))
	for i := range trucks {
		sorted[i] = &trucks[i]
	}
	slices.SortFunc(sorted, func(a, b *argos.Truck) int { return cmp.Compare(a.ID, b.ID) })
	ops := make([]mongo.WriteModel, len(sorted))
	for i, t := range sorted {
		ops[i] = upsertOf(t)
	}
	refused, err := s.write(ctx, sorted, ops)
	if err != nil {
		return nil, fmt.Errorf("write %d trucks: %w", len(trucks), err)
	}
	return refused, nil
}

// upsertOf writes a document if it is newer than the stored one.
func upsertOf(t *argos.Truck) mongo.WriteModel {
	f := fieldsOf(t)
	update := bson.D{{Key: "$set", Value: f}, {Key: "$currentDate", Value: bson.D{{Key: "updated", Value: true}}}}
	if absent := f.absent(); len(absent) > 0 {
		update = append(update, bson.E{Key: "$unset", Value: absent})
	}
	return guarded(
		bson.D{{Key: "_id", Value: t.ID}, {Key: "_argos.rev", Value: bson.D{{Key: "$lt", Value: t.Rev}}}},
		update,
	)
}

// guarded is an upsert of a document that matches. When the stored one does not match, the server comes to insert a
// second one with its id, which is a duplicate key: the answer for "stale".
func guarded(match, update bson.D) mongo.WriteModel {
	return mongo.NewUpdateOneModel().SetFilter(match).SetUpdate(update).SetUpsert(true)
}

func (s *store) write(ctx context.Context, sorted []*argos.Truck, ops []mongo.WriteModel) ([]argos.Refusal, error) {
	failed, err := s.bulks(ctx, s.trucks, ops)
	if err != nil {
		return nil, err
	}
	stale := map[string]failure{}
	var ids []string
	var unwritable []error
	for _, f := range failed {
		id := sorted[f.index].ID
		if f.Code == duplicateKey {
			stale[id], ids = f, append(ids, id)
			continue
		}
		unwritable = append(unwritable, &argos.Unwritable{ID: id, Err: f})
	}
	refused, err := s.stored(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, r := range refused {
		if f := stale[r.ID]; r.Rev >= sorted[f.index].Rev {
			delete(stale, r.ID)
		}
	}
	// What is left has a key that another document has, by a unique index of somebody's making: or, if it is the id,
	// the stored document went back between the two commands, as it does in a failover.
	for id, f := range stale {
		if f.ofID() {
			return nil, fmt.Errorf("truck %s was refused by a document that is no longer there: %w", id, f)
		}
		unwritable = append(unwritable, &argos.Unwritable{ID: id, Err: f})
		refused = slices.DeleteFunc(refused, func(r argos.Refusal) bool { return r.ID == id })
	}
	return refused, errors.Join(unwritable...)
}

// stored reads what the guard refused for.
func (s *store) stored(ctx context.Context, ids []string) ([]argos.Refusal, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	cursor, err := s.trucks.Find(
		ctx,
		in(ids),
		options.Find().SetProjection(bson.D{{Key: "_argos.rev", Value: 1}, {Key: "_argos.pos", Value: 1}}),
	)
	if err != nil {
		return nil, fmt.Errorf("read the stored revisions: %w", explain(err))
	}
	var docs []document
	if err := cursor.All(ctx, &docs); err != nil {
		return nil, fmt.Errorf("read the stored revisions: %w", explain(err))
	}
	newest := map[string]argos.Refusal{}
	for _, d := range docs {
		m := d.Fields.Machinery
		if m == nil {
			return nil, fmt.Errorf("truck %q: %w", d.ID, errOldShape)
		}
		if old, ok := newest[d.ID]; !ok || old.Rev < m.Rev {
			newest[d.ID] = argos.Refusal{ID: d.ID, Rev: m.Rev, Pos: argos.Pos(m.Pos)}
		}
	}
	refused := make([]argos.Refusal, 0, len(newest))
	for _, r := range newest {
		refused = append(refused, r)
	}
	return refused, nil
}

// bulks writes all operations, several bulks at a time, and returns those that the server has something against.
func (s *store) bulks(ctx context.Context, to *mongo.Collection, ops []mongo.WriteModel) (failed []failure, err error) {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	from := 0
	for chunk := range slices.Chunk(ops, bulkSize) {
		first := from
		from += len(chunk)
		g.Go(func() error {
			select {
			case s.writing <- struct{}{}:
				defer func() { <-s.writing }()
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			found, err := twice(ctx, to, chunk)
			mu.Lock()
			defer mu.Unlock()
			for _, f := range found {
				f.index += first
				failed = append(failed, f)
			}
			return err
		})
	}
	return failed, g.Wait()
}

// twice writes one bulk, and those of its operations that met a duplicate key once more: two writers that insert one
// truck at once both come to insert it, and the later one may be the newer.
func twice(ctx context.Context, to *mongo.Collection, ops []mongo.WriteModel) ([]failure, error) {
	failed, err := once(ctx, to, ops)
	if err != nil {
		return nil, err
	}
	var again []mongo.WriteModel
	var index []int // of again, in ops
	failed = slices.DeleteFunc(failed, func(f failure) bool {
		if f.Code == duplicateKey {
			again, index = append(again, ops[f.index]), append(index, f.index)
		}
		return f.Code == duplicateKey
	})
	if len(again) == 0 {
		return failed, nil
	}
	more, err := once(ctx, to, again)
	for _, f := range more {
		f.index = index[f.index]
		failed = append(failed, f)
	}
	return failed, err
}

// once writes one unordered bulk. An error is one of the bulk, or of an operation that may succeed another time.
func once(ctx context.Context, to *mongo.Collection, ops []mongo.WriteModel) ([]failure, error) {
	_, err := to.BulkWrite(ctx, ops, options.BulkWrite().SetOrdered(false))
	all, ok := errors.AsType[mongo.BulkWriteException](err)
	if err != nil && (!ok || all.WriteConcernError != nil) {
		return nil, explain(err)
	}
	failed := make([]failure, 0, len(all.WriteErrors))
	for _, e := range all.WriteErrors {
		if !permanent(e.Code) {
			return nil, explain(e)
		}
		failed = append(failed, failure{e.WriteError, e.Index})
	}
	slices.SortFunc(failed, func(a, b failure) int { return cmp.Compare(a.index, b.index) }) // again, by id
	return failed, nil
}
