// Package mongoio keeps the fleet in MongoDB, or in a server that speaks its protocol.
package mongoio

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"

	"argos"
)

const (
	// bulks bounds the bulk writes under way at once, and so the connections that writing takes: few large bulks on few
	// connections are fastest.
	bulks = 4
	// closeWithin bounds how long Close waits for what is running.
	closeWithin = 10 * time.Second
)

type store struct {
	client        *mongo.Client
	reach         *reach
	trucks, marks *mongo.Collection
	writing       chan struct{} // holds one token a bulk under way
}

var _ argos.Store = (*store)(nil)

// Open opens the store at a URI such as mongodb://host/argos?replicaSet=rs0, as MongoDB defines them. The path names
// the database, argos unless given. It fails when the server does not answer, makes the index that is missing, and
// brings documents of an older shape up to date.
//
// Whatever the URI says, what is written is on the disks of a majority of the replica set before a call returns, and
// what is read is such: a document that a rollback could still take away must move no mark.
func Open(ctx context.Context, uri string) (argos.Store, error) {
	opts, database, err := settings(uri)
	if err != nil {
		return nil, err
	}
	r := newReach()
	client, err := mongo.Connect(opts.SetServerMonitor(r.monitor()))
	if err != nil {
		return nil, explain(err)
	}
	db := client.Database(database)
	s := &store{
		client: client, reach: r, trucks: db.Collection("trucks"), marks: db.Collection("marks"),
		writing: make(chan struct{}, bulks),
	}
	if err := s.prepare(ctx); err != nil {
		_ = s.Close() // the reason is the other one
		return nil, err
	}
	return s, nil
}

// Ping says whether the primary answers, who takes the writes.
func (s *store) Ping(ctx context.Context) error {
	err := s.reach.ask(ctx, s.ping)
	if err != nil {
		return fmt.Errorf("ping: %w", explain(err))
	}
	return nil
}

func (s *store) ping(ctx context.Context) error { return s.client.Ping(ctx, readpref.Primary()) }

// hello waits for a server that is being started.
func (s *store) hello(ctx context.Context) error {
	if err := s.ping(ctx); err != nil {
		return fmt.Errorf("ping: %w", explain(err))
	}
	return nil
}

// Close waits for what is running.
func (s *store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	if err := s.client.Disconnect(ctx); err != nil {
		return fmt.Errorf("close the connections: %w", err)
	}
	return nil
}
