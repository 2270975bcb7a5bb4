package mongoio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"argos"
)

// errOldShape is met when a document of an older version comes into a collection that was brought up to date, as when
// somebody restores it there.
var errOldShape = fmt.Errorf("%w: it is in the shape of an older argos; stop all argos processes, "+
	"db.trucks.createIndex({lat: 1, lon: 1}, {name: \"trucks_place\"}), and start argos pipeline, "+
	"which brings it up to date", argos.ErrDocument)

// The indexes of shape 1. The first one stands for the shape: it goes when no document of it is left, and a backup that
// is restored brings it along. So it is known without a search whether there is something to do.
var (
	placeOf1   = index{Name: "trucks_place", Keys: bson.D{{Key: "lat", Value: 1}, {Key: "lon", Value: 1}}}
	updatedOf1 = index{Name: "trucks_updated", Keys: bson.D{{Key: "updated", Value: 1}}}
)

func hasShape1(found []index) bool {
	for _, x := range found {
		if x.Name == placeOf1.Name && x.on(placeOf1.Keys) {
			return true
		}
	}
	return false
}

// document1 is a truck in shape 1.
type document1 struct {
	ID  string `bson:"_id"`
	Rev int64  `bson:"rev"`
	Pos struct {
		Epoch     int32 `bson:"epoch"`
		Partition int32 `bson:"partition"`
		Next      int64 `bson:"next"`
	} `bson:"pos"`
	Time int64    `bson:"time"`
	Recv int64    `bson:"recv"`
	Lat  quantity `bson:"lat"`
	Lon  quantity `bson:"lon"`
	Raw  struct {
		Lat quantity `bson:"lat"`
		Lon quantity `bson:"lon"`
	} `bson:"raw"`
	Speed      quantity      `bson:"speed"`
	Heading    quantity      `bson:"heading"`
	Accuracy   quantity      `bson:"accuracy"`
	Status     string        `bson:"status"`
	Fixes      int64         `bson:"fixes"`
	Duplicates int64         `bson:"duplicates"`
	Late       int64         `bson:"late"`
	Rejected   int64         `bson:"rejected"`
	Attrs      string        `bson:"attrs"`
	Track      []byte        `bson:"track"`
	Updated    bson.DateTime `bson:"updated"`
}

func (d *document1) now() document {
	return document{ID: d.ID, Fields: fields{
		Location: pointAt(float64(d.Lat), float64(d.Lon)), Raw: pointAt(float64(d.Raw.Lat), float64(d.Raw.Lon)),
		Time: bson.DateTime(d.Time), Recv: bson.DateTime(d.Recv),
		Speed: d.Speed, Heading: d.Heading, Accuracy: d.Accuracy, Status: d.Status,
		Fixes: d.Fixes, Duplicates: d.Duplicates, Late: d.Late, Rejected: d.Rejected, Attrs: d.Attrs,
		Updated:   d.Updated,
		Machinery: &machinery{Rev: d.Rev, Pos: pos(d.Pos), Track: d.Track},
	}}
}

// upgrade brings the documents of shape 1 up to date, and then drops the indexes of that shape. It may be cut off
// anywhere and run twice at once: each document is replaced only while it is what was read.
func (s *store) upgrade(ctx context.Context) error {
	slog.InfoContext(ctx, "bringing the documents of an older version into the shape of this one")
	total := 0
	for {
		n, err := s.upgradeAll(ctx)
		if err != nil {
			return fmt.Errorf(
				"bring the documents of an older argos up to date, for which argos pipeline has to be started once "+
					"by a user that may write (role readWrite): %w",
				err,
			)
		}
		if n == 0 {
			break
		}
		total += n
	}
	for _, name := range []string{updatedOf1.Name, placeOf1.Name} {
		if err := s.trucks.Indexes().DropOne(ctx, name); err != nil && !isNoIndex(err) {
			return fmt.Errorf("drop the index %s of the older version: %w", name, explain(err))
		}
	}
	slog.InfoContext(ctx, "the documents are up to date", "documents", total)
	return nil
}

// upgradeAll goes through the documents of shape 1 once, by id, and returns how many it met.
func (s *store) upgradeAll(ctx context.Context) (n int, err error) {
	for last := ""; ; {
		docs, err := s.shape1After(ctx, last)
		if err != nil || len(docs) == 0 {
			return n, err
		}
		n, last = n+len(docs), docs[len(docs)-1].ID
		ops := make([]mongo.WriteModel, 0, len(docs))
		for i := range docs {
			d := &docs[i]
			match := append(bson.D{{Key: "_id", Value: d.ID}, {Key: "rev", Value: d.Rev}}, without2...)
			ops = append(ops, mongo.NewReplaceOneModel().SetFilter(match).SetReplacement(d.now()))
		}
		failed, err := s.bulks(ctx, s.trucks, ops)
		if err != nil {
			return n, err
		}
		if len(failed) > 0 {
			return n, fmt.Errorf("truck %q: %w", docs[failed[0].index].ID, failed[0])
		}
	}
}

// without2 is the condition that a document is not of shape 2.
var without2 = bson.D{{Key: "_argos", Value: bson.D{{Key: "$exists", Value: false}}}}

func (s *store) shape1After(ctx context.Context, last string) (docs []document1, err error) {
	filter := append(bson.D{
		{Key: "_id", Value: bson.D{{Key: "$gt", Value: last}}},
		{Key: "rev", Value: bson.D{{Key: "$exists", Value: true}}},
	}, without2...)
	cursor, err := s.trucks.Find(ctx, filter, page(maxBatch).SetSort(byID))
	if err == nil {
		err = cursor.All(ctx, &docs)
	}
	return docs, explain(err)
}

func isNoIndex(err error) bool {
	e, ok := errors.AsType[mongo.ServerError](err)
	return ok && e.HasErrorCode(noSuchIndex)
}
