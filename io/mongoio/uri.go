package mongoio

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// Scheme and SchemeSRV begin the addresses of MongoDB stores; the second one finds its hosts by DNS.
const (
	Scheme    = "mongodb"
	SchemeSRV = "mongodb+srv"
)

const (
	defaultDatabase = "argos"

	// A server that hangs must come out as an error, for whoever calls has a retry and an operator to tell. The URI's
	// timeoutMS, serverSelectionTimeoutMS and connectTimeoutMS go before these. Writing resumes at the latest
	// connectTimeout after the network does: an attempt to connect that was lost keeps the next one waiting.
	operationTimeout = 10 * time.Second
	selectionTimeout = 5 * time.Second
	connectTimeout   = 3 * time.Second

	// heartbeat is how soon a server is found again that refused connections, when nobody writes.
	heartbeat = time.Second
)

// settings reads a URI.
func settings(uri string) (opts *options.ClientOptions, database string, err error) {
	opts = options.Client().ApplyURI(uri)
	if opts.Timeout == nil {
		opts.SetTimeout(operationTimeout)
	}
	if opts.ServerSelectionTimeout == nil {
		opts.SetServerSelectionTimeout(selectionTimeout)
	}
	if opts.ConnectTimeout == nil {
		opts.SetConnectTimeout(connectTimeout)
	}
	if opts.HeartbeatInterval == nil {
		opts.SetHeartbeatInterval(heartbeat)
	}
	if opts.AppName == nil {
		opts.SetAppName("argos")
	}
	journaled := true
	opts.SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journaled})
	opts.SetReadConcern(readconcern.Majority()).SetReadPreference(readpref.Primary())
	if err := opts.Validate(); err != nil {
		return nil, "", malformed(uri, err)
	}
	database, err = databaseOf(uri)
	return opts, database, err
}

// malformed says what is wrong with a URI. The driver quotes what it can't read, and that may be a part of the
// password.
func malformed(uri string, err error) error {
	if _, rest, ok := strings.Cut(uri, "://"); ok {
		if user, hosts, ok := cutLast(rest, "@"); ok &&
			(strings.ContainsAny(user, "@/?#[] ") || strings.Count(user, ":") > 1 || strings.ContainsAny(hosts, "@")) {
			return errors.New(
				"address of the store: a user or password with any of : / ? # [ ] @ or a space must be percent-encoded",
			)
		} else if ok && !escaped(user) {
			return errors.New("address of the store: a % in a user or password must be written %25")
		}
	}
	return fmt.Errorf("address of the store: %w", err)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func escaped(s string) bool {
	_, err := url.PathUnescape(s)
	return err == nil
}

// databaseOf is the path of a URI that the driver has found to be good.
func databaseOf(uri string) (string, error) {
	_, rest, _ := strings.Cut(uri, "://")
	rest, _, _ = strings.Cut(rest, "?")
	_, path, _ := strings.Cut(rest, "/")
	name, err := url.PathUnescape(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("address of the store: the database %q: %w", path, err)
	case name == "":
		return defaultDatabase, nil
	case strings.ContainsAny(name, "/\\. \"$\x00"):
		return "", fmt.Errorf(
			"address of the store: the database %q: a name has none of / \\ . \" $ and no space",
			name,
		)
	}
	return name, nil
}
