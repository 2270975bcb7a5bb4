package rig

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Mongo is a MongoDB-protocol server (mongo-java-server): good for the shape of commands, for small loads, and for
// being killed, after which it is empty unless it is on disk. It is not MongoDB: no geo queries, no users, no sessions.
type Mongo struct {
	*Server
	URI string // without a database; with TLS, it names CA
	CA  string // file with the certificate that it shows, if it speaks TLS

	java []string
}

// StartMongo starts a server. The caller ends it with Kill or Stop; it ends with this process.
func StartMongo(ctx context.Context, dir string) (*Mongo, error) {
	return startMongo(ctx, dir, &Mongo{})
}

// StartMongoOnDisk starts a server that keeps in a file of dir what it has answered to, also when it is killed.
func StartMongoOnDisk(ctx context.Context, dir string) (*Mongo, error) {
	return startMongo(ctx, dir, &Mongo{}, "store="+filepath.Join(dir, "mongo.mv"))
}

// StartMongoTLS starts a server that speaks TLS only.
func StartMongoTLS(ctx context.Context, dir string) (*Mongo, error) {
	if err := selfSigned(dir); err != nil {
		return nil, err
	}
	return startMongo(ctx, dir, &Mongo{CA: filepath.Join(dir, "ca.pem")})
}

func startMongo(ctx context.Context, dir string, m *Mongo, with ...string) (*Mongo, error) {
	libs, err := jars(ctx, "mongodb")
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
	addrs, err := FreeAddrs(1)
	if err != nil {
		return nil, err
	}
	m.URI = "mongodb://" + addrs[0]
	m.java = []string{
		"-XX:+UseSerialGC", "-Xmx256m", "-cp", filepath.Join(libs, "*"), main,
		strings.TrimPrefix(addrs[0], host),
	}
	if m.CA != "" {
		m.java = append(m.java, "tls="+filepath.Join(dir, "server.pem"))
		m.URI += "/?tls=true&tlsCAFile=" + m.CA
	}
	m.java = append(m.java, with...)
	return m, m.Start(ctx)
}

// Start starts the server again, on its old port.
func (m *Mongo) Start(ctx context.Context) (err error) {
	ready := func(line string) bool { return strings.HasPrefix(line, "mongodb://") }
	m.Server, err = Launch(ctx, ready, "java", m.java...)
	return err
}
