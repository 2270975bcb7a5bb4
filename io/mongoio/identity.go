package mongoio

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// identityID is the _id of the document beside the marks that holds the identity: no topic's mark can have it.
const identityID = "/store"

func (s *store) Identity(ctx context.Context) (string, error) {
	var drawn [8]byte
	rand.Read(drawn[:]) //nolint:errcheck // it never fails
	which := bson.D{{Key: "_id", Value: identityID}}
	draw := bson.D{{Key: "$setOnInsert", Value: bson.D{{Key: "identity", Value: hex.EncodeToString(drawn[:])}}}}
	_, err := s.marks.UpdateOne(ctx, which, draw, options.UpdateOne().SetUpsert(true))
	if err != nil && !mongo.IsDuplicateKeyError(err) { // another worker was quicker
		return "", fmt.Errorf("draw the store's identity: %w", explain(err))
	}
	var stored struct{ Identity string }
	if err := s.marks.FindOne(ctx, which).Decode(&stored); err != nil {
		return "", fmt.Errorf("read the store's identity: %w", explain(err))
	}
	return stored.Identity, nil
}
