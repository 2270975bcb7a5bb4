package mongoio

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"argos"
)

// Totals has the server add up.
func (s *store) Totals(ctx context.Context) (argos.Totals, error) {
	sum := func(field string) bson.E {
		return bson.E{Key: field, Value: bson.D{{Key: "$sum", Value: "$" + field}}}
	}
	group := bson.D{
		{Key: "_id", Value: nil},
		{Key: "trucks", Value: bson.D{{Key: "$sum", Value: 1}}},
		sum("fixes"), sum("duplicates"), sum("late"), sum("rejected"),
	}
	var sums []struct {
		Trucks     int64 `bson:"trucks"`
		Fixes      int64 `bson:"fixes"`
		Duplicates int64 `bson:"duplicates"`
		Late       int64 `bson:"late"`
		Rejected   int64 `bson:"rejected"`
	}
	err := s.reach.ask(ctx, func(ctx context.Context) error {
		cursor, err := s.trucks.Aggregate(ctx, mongo.Pipeline{{{Key: "$group", Value: group}}})
		if err != nil {
			return err
		}
		return cursor.All(ctx, &sums)
	})
	if err != nil {
		return argos.Totals{}, fmt.Errorf("count the trucks: %w", explain(err))
	}
	if len(sums) == 0 { // of no documents there is no group
		return argos.Totals{}, nil
	}
	return argos.Totals(sums[0]), nil
}
