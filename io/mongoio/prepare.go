package mongoio

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// index is one of the collection, as the server lists it.
type index struct {
	Name    string   `bson:"name"`
	Keys    bson.D   `bson:"key"`
	Partial bson.Raw `bson:"partialFilterExpression"`
}

func (x *index) on(keys bson.D) bool {
	if len(x.Keys) != len(keys) {
		return false
	}
	for i, k := range keys {
		// As text, for servers answer 1 as a number of any type.
		if x.Keys[i].Key != k.Key || fmt.Sprint(x.Keys[i].Value) != fmt.Sprint(k.Value) {
			return false
		}
	}
	return true
}

// location is the one index that is needed besides the ids'. There is none on what changes with every fix but the
// position.
var location = index{Name: "trucks_location", Keys: bson.D{{Key: "location", Value: "2dsphere"}}}

// prepare makes what is missing. It looks first, so that a user who may only read can open a store that has all.
func (s *store) prepare(ctx context.Context) error {
	if err := s.hello(ctx); err != nil {
		return err
	}
	found, err := s.indexes(ctx)
	if err != nil {
		return err
	}
	if hasShape1(found) {
		if err := s.upgrade(ctx); err != nil {
			return err
		}
	}
	for _, x := range found {
		switch {
		case x.on(location.Keys) && x.Partial == nil:
			return nil // by whatever name
		case x.Name == location.Name:
			return fmt.Errorf(
				"the index %s of the collection trucks is on %v, and argos needs one on {location: \"2dsphere\"}: "+
					"drop it with db.trucks.dropIndex(%q) and start again",
				x.Name,
				x.Keys,
				x.Name,
			)
		}
	}
	model := mongo.IndexModel{Keys: location.Keys, Options: options.Index().SetName(location.Name)}
	if _, err := s.trucks.Indexes().CreateOne(ctx, model); err != nil {
		return fmt.Errorf("make the index %s: %w", location.Name, explain(err))
	}
	return nil
}

func (s *store) indexes(ctx context.Context) (found []index, err error) {
	cursor, err := s.trucks.Indexes().List(ctx)
	if err == nil {
		err = cursor.All(ctx, &found)
	}
	if err != nil {
		return nil, fmt.Errorf("list the indexes: %w", explain(err))
	}
	return found, nil
}
