package mongoio

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"argos"
)

// mark is a partition's mark in the collection.
type mark struct {
	Topic     string `bson:"topic"`
	Partition int32  `bson:"partition"`
	Epoch     int32  `bson:"epoch"`
	Offset    int64  `bson:"next"`
	Time      int64  `bson:"time"`
}

// SetMarks returns when a majority has the marks on disk. As the documents were before their parts were acknowledged, a
// mark that survives has all its documents.
func (s *store) SetMarks(ctx context.Context, marks []argos.Mark) error {
	if len(marks) == 0 {
		return ctx.Err()
	}
	ops := make([]mongo.WriteModel, len(marks))
	for i, m := range marks {
		id := bson.E{Key: "_id", Value: fmt.Sprintf("%s/%d", m.Topic, m.Partition)}
		older := bson.A{
			bson.D{{Key: "epoch", Value: bson.D{{Key: "$lt", Value: m.Epoch}}}},
			bson.D{{Key: "epoch", Value: m.Epoch}, {Key: "next", Value: bson.D{{Key: "$lt", Value: m.Offset}}}},
		}
		ops[i] = guarded(bson.D{id, {Key: "$or", Value: older}}, bson.D{{Key: "$set", Value: mark(m)}})
	}
	failed, err := s.bulks(ctx, s.marks, ops)
	if err != nil {
		return fmt.Errorf("write %d marks: %w", len(marks), err)
	}
	for _, f := range failed {
		if err := s.behind(ctx, marks[f.index], f); err != nil {
			return fmt.Errorf("write %d marks: %w", len(marks), err)
		}
	}
	return nil
}

// behind makes sure that a mark was refused because there is one that is not behind it.
func (s *store) behind(ctx context.Context, m argos.Mark, refused error) error {
	stored, err := s.Marks(ctx, m.Topic)
	if err != nil {
		return err
	}
	for _, x := range stored {
		if x.Partition == m.Partition && (x.Epoch > m.Epoch || x.Epoch == m.Epoch && x.Offset >= m.Offset) {
			return nil
		}
	}
	return fmt.Errorf("the store refuses the mark of partition %d: %w", m.Partition, refused)
}

func (s *store) Marks(ctx context.Context, topic string) ([]argos.Mark, error) {
	cursor, err := s.marks.Find(
		ctx,
		bson.D{{Key: "topic", Value: topic}},
		options.Find().SetSort(bson.D{{Key: "partition", Value: 1}}),
	)
	if err != nil {
		return nil, fmt.Errorf("read marks of %s: %w", topic, explain(err))
	}
	var found []mark
	if err := cursor.All(ctx, &found); err != nil {
		return nil, fmt.Errorf("read marks of %s: %w", topic, explain(err))
	}
	marks := make([]argos.Mark, 0, len(found))
	for _, m := range found {
		marks = append(marks, argos.Mark(m))
	}
	return marks, nil
}
