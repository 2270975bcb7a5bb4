package rig

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Mongo is a MongoDB-protocol server in memory (mongo-java-server): good for the shape of commands, for small loads, and for
// being killed, after which it is empty. It is not MongoDB: no geo queries, no sessions, nothing durable.
type Mongo struct {
	*Server
	URI string // without a database
}

// StartMongo starts a server. The caller ends it with Kill or Stop; it ends with this process.
func StartMongo(ctx context.Context, dir string) (*Mongo, error) {
	libs, err := jars(ctx, "mongo")
	if err != nil {
		return nil, err
	}
	source, err := recipes.ReadFile("Server.java")
	if err != nil {
		return nil, err
	}
	main := filepath.Join(dir, "Server.java")
	if err := os.WriteFile(main, source, 0o600); err != nil {
		return nil, fmt.Errorf("write the server's source: %w", err)
	}
	ready := func(line string) bool { return strings.HasPrefix(line, "mongodb://") }
	s, uri, err := launch(ctx, ready, "java", "-XX:+UseSerialGC", "-Xmx256m", "-cp", filepath.Join(libs, "*"), main, "0")
	if err != nil {
		return nil, err
	}
	return &Mongo{Server: s, URI: uri}, nil
}
