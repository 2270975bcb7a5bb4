package mongoio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"argos"
)

// maxBatch bounds the documents that one answer of the server is asked to hold; their bytes, the server bounds itself.
const maxBatch = 10_000

var (
	byID    = bson.D{{Key: "_id", Value: 1}}
	noTrack = bson.D{{Key: "_argos.track", Value: 0}}
)

func (s *store) Truck(ctx context.Context, id string) (argos.Truck, error) {
	var raw bson.Raw
	err := s.reach.ask(ctx, func(ctx context.Context) (err error) {
		raw, err = s.trucks.FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Raw()
		return err
	})
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return argos.Truck{}, fmt.Errorf("truck %q: %w", id, argos.ErrNotFound)
	case err != nil:
		return argos.Truck{}, fmt.Errorf("read truck %q: %w", id, explain(err))
	}
	return truckOf(raw)
}

func (s *store) Trucks(ctx context.Context, ids []string) ([]argos.Truck, error) {
	if len(ids) == 0 {
		return nil, ctx.Err()
	}
	trucks, err := s.find(ctx, "read trucks by id", in(ids), options.Find().SetBatchSize(batch(len(ids))))
	slices.SortStableFunc(trucks, func(a, b argos.Truck) int { return cmp.Compare(a.ID, b.ID) })
	return distinct(trucks), err
}

func (s *store) InBox(ctx context.Context, box argos.Box, limit int) ([]argos.Truck, error) {
	if err := box.Check(); err != nil {
		return nil, fmt.Errorf("trucks in box: %w", err)
	}
	if limit <= 0 {
		return nil, ctx.Err()
	}
	trucks, err := s.find(ctx, "read trucks in box", inBox(box), page(limit).SetSort(byID).SetProjection(noTrack))
	return distinct(trucks), err
}

// After reads on when the server has repeated documents, so that a page that is not full is the last one.
func (s *store) After(ctx context.Context, id string, limit int) (all []argos.Truck, err error) {
	for len(all) < limit {
		asked := limit - len(all)
		trucks, err := s.find(
			ctx,
			"read trucks by page",
			bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: id}}}},
			page(asked).SetSort(byID),
		)
		if err != nil {
			return nil, err
		}
		got := len(trucks)
		all = append(all, distinct(trucks)...)
		if got < asked {
			break
		}
		id = all[len(all)-1].ID
	}
	return all, ctx.Err()
}

func in(ids []string) bson.D {
	return bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
}

// page asks for one answer of the server rather than for several: between two of them, documents change places.
func page(limit int) *options.FindOptionsBuilder {
	return options.Find().SetLimit(int64(limit)).SetBatchSize(batch(limit))
}

func batch(n int) int32 { return int32(min(n, maxBatch)) }

func (s *store) find(
	ctx context.Context,
	doing string,
	filter bson.D,
	opts *options.FindOptionsBuilder,
) ([]argos.Truck, error) {
	var docs []bson.Raw
	err := s.reach.ask(ctx, func(ctx context.Context) error {
		cursor, err := s.trucks.Find(ctx, filter, opts)
		if err != nil {
			return err
		}
		return cursor.All(ctx, &docs)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, explain(err))
	}
	trucks := make([]argos.Truck, 0, len(docs))
	for _, raw := range docs {
		t, err := truckOf(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
		trucks = append(trucks, t)
	}
	return trucks, nil
}

// distinct leaves the newest document of each id, in trucks that are sorted by id but for repeats that come late.
func distinct(trucks []argos.Truck) []argos.Truck {
	kept := trucks[:0]
	for _, t := range trucks {
		switch n := len(kept); {
		case n == 0 || t.ID > kept[n-1].ID:
			kept = append(kept, t)
		default:
			above := func(k argos.Truck, id string) int { return cmp.Compare(k.ID, id) }
			if i, found := slices.BinarySearchFunc(kept, t.ID, above); found && kept[i].Rev < t.Rev {
				kept[i] = t
			}
		}
	}
	return kept
}
