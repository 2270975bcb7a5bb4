package mongoio_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/xdg-go/scram"
	"go.mongodb.org/mongo-driver/v2/bson"

	"argos"
	"argos/io/mongoio"
	"argos/rig"
)

const secret = "pa55 w/rd"

// withUsers is a server that knows one user, and serves nobody else. Its SCRAM is not the driver's.
func withUsers(t *testing.T) *scripted {
	t.Helper()
	client, err := scram.SHA256.NewClient("argos", secret, "")
	must(t, err)
	credentials, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "saltsaltsaltsalt", Iters: 4096})
	must(t, err)
	server, err := scram.SHA256.NewServer(func(user string) (scram.StoredCredentials, error) {
		if user != "argos" {
			return scram.StoredCredentials{}, errors.New("no such user")
		}
		return credentials, nil
	})
	must(t, err)
	var mu sync.Mutex
	conversations, next := map[int32]*scram.ServerConversation{}, int32(0)
	return script(t, func(c bson.D) bson.D {
		mu.Lock()
		defer mu.Unlock()
		id, _ := field(c, "conversationId").(int32)
		switch c[0].Key {
		case "saslStart":
			next++
			id = next
			conversations[id] = server.NewConversation()
		case "saslContinue":
		default:
			return nil
		}
		said, err := conversations[id].Step(string(field(c, "payload").(bson.Binary).Data))
		if err != nil {
			return failed(18, "AuthenticationFailed")
		}
		return bson.D{
			{Key: "conversationId", Value: id},
			{Key: "done", Value: conversations[id].Done()},
			{Key: "payload", Value: []byte(said)},
			{Key: "ok", Value: 1},
		}
	})
}

func TestCredentials(t *testing.T) {
	server := withUsers(t)
	at := func(user, password string) string {
		return strings.Replace(server.uri, "://", "://"+user+":"+password+"@", 1)
	}
	s := open(t, at("argos", "pa55%20w%2Frd"))
	must(t, s.Ping(t.Context()))
	for _, c := range server.commands("saslStart") {
		if field(c, "mechanism") != "SCRAM-SHA-256" || field(c, "$db") != "argos" {
			t.Errorf("asked with %v of %v", field(c, "mechanism"), field(c, "$db"))
		}
	}
	before := len(server.commands("saslStart"))
	open(t, at("argos", "pa55%20w%2Frd")+"?authSource=admin")
	if c := server.commands("saslStart")[before]; field(c, "$db") != "admin" {
		t.Errorf("?authSource=admin asks %v", field(c, "$db"))
	}
	refuses(t, at("argos", "wrong"), "refuses the user or the password")
	refuses(t, at("nobody", "pa55%20w%2Frd"), "refuses the user or the password")
	// The registry, and the driver when it can't read the address, say nothing of the password.
	var stores argos.Stores
	stores.Register(mongoio.Scheme, mongoio.Open)
	for _, between := range []string{"", "/", ":", "%", "@", "?", "#"} {
		password := "Wr0ng" + between + "Wr0ng"
		_, err := stores.Open(t.Context(), at("argos", password))
		if err == nil || strings.Contains(err.Error(), "Wr0ng") {
			t.Errorf("password %q: error %v", password, err)
		}
		t.Log(err)
	}
}

func TestOpenSays(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	nobody := l.Addr().String()
	must(t, l.Close())
	const soon = "?serverSelectionTimeoutMS=1000"
	for name, c := range map[string]struct{ uri, want string }{
		"nobody there":        {"mongodb://" + nobody + "/argos" + soon, nobody + " connection refused"},
		"two, nobody there":   {"mongodb://" + nobody + ",127.0.0.1:1/argos" + soon, "127.0.0.1:1 connection refused"},
		"no such host":        {"mongodb://no-such-host.invalid/argos" + soon, "no-such-host.invalid"},
		"another scheme":      {"postgres://host/argos", "scheme"},
		"no host":             {"mongodb:///argos", "host"},
		"a port":              {"mongodb://host:port/argos", "port"},
		"an option":           {"mongodb://host/argos?tls=perhaps", "tls"},
		"no name of database": {"mongodb://host/my.argos", `database "my.argos"`},
		"no slashes":          {"mongodb:host", "scheme"},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, c.uri, c.want) })
	}
	t.Run("a server that hangs", func(t *testing.T) {
		server := script(t, func(bson.D) bson.D { return hang })
		refuses(t, server.uri+soon, "no MongoDB that takes writes answers")
	})
	t.Run("one that takes no writes", func(t *testing.T) {
		server := script(t, func(c bson.D) bson.D {
			if c[0].Key != "hello" && c[0].Key != "isMaster" && c[0].Key != "ismaster" {
				return nil
			}
			return bson.D{
				{Key: "ismaster", Value: false},
				{Key: "secondary", Value: true},
				{Key: "setName", Value: "rs0"},
				{Key: "hosts", Value: bson.A{l.Addr().String()}},
				{Key: "minWireVersion", Value: 0},
				{Key: "maxWireVersion", Value: 21},
				{Key: "ok", Value: 1},
			}
		})
		refuses(t, server.uri+soon+"&replicaSet=rs0", "no MongoDB that takes writes answers")
	})
	t.Run("a context that ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := mongoio.Open(ctx, "mongodb://"+nobody); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
	})
}

func TestDefaultDatabase(t *testing.T) {
	server := script(t, nil)
	for uri, want := range map[string]string{
		"": "argos", "/": "argos", "/?timeoutMS=9000": "argos", "/fleet%31": "fleet1", "/fleet?timeoutMS=9000": "fleet",
	} {
		before := len(server.commands("listIndexes"))
		open(t, strings.TrimSuffix(server.uri, "/argos")+uri)
		if got := field(server.commands("listIndexes")[before], "$db"); got != want {
			t.Errorf("%q opens the database %v, want %s", uri, got, want)
		}
	}
}

// A store outlives its server: whoever holds it writes again when the server is back.
func TestServerComesBack(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server")
	}
	m, err := rig.StartMongo(t.Context(), t.TempDir())
	if errors.Is(err, rig.ErrMissing) {
		t.Skip(err)
	}
	must(t, err)
	defer func() { m.Kill() }()
	var s argos.Store
	eventually(t, "it opens, though the server is slow at first", func() bool {
		s, err = mongoio.Open(t.Context(), m.URI+"/argos?timeoutMS=500&connectTimeoutMS=500")
		return err == nil
	})
	defer s.Close()
	write := func(rev int64) error { _, err := s.Upsert(t.Context(), []argos.Truck{document(1, rev)}); return err }
	eventually(t, "it writes", func() bool { return write(1) == nil })

	must(t, m.Pause())
	if err := write(2); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("from a server that stands still: %v", err)
	}
	must(t, m.Resume())
	eventually(t, "it writes after a standstill", func() bool { return write(3) == nil })

	m.Kill()
	if err := write(4); err == nil {
		t.Error("it writes to a dead server")
	}
	must(t, m.Start(t.Context()))
	eventually(t, "it writes after a restart", func() bool { return write(5) == nil })
}

// What a server has confirmed that keeps its data on disk is there after kill -9, and the store goes on with it: the
// guard, too.
func TestKilledServerKeeps(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server")
	}
	m, err := rig.StartMongoOnDisk(t.Context(), t.TempDir())
	if errors.Is(err, rig.ErrMissing) {
		t.Skip(err)
	}
	must(t, err)
	defer func() { m.Kill() }()
	s := open(t, m.URI+"/argos?timeoutMS=2000")
	marks := marksOf(3)
	for round := range int64(3) {
		_, err := s.Upsert(t.Context(), []argos.Truck{document(1, 10+round), document(2, 10+round)})
		must(t, err)
		must(t, s.SetMarks(t.Context(), marks))
		m.Kill()
		must(t, m.Start(t.Context()))
		var got argos.Truck
		eventually(
			t,
			"it reads after kill -9",
			func() bool { got, err = s.Truck(t.Context(), "truck-00001"); return err == nil },
		)
		if got.Rev != 10+round || got.Pos != document(1, got.Rev).Pos {
			t.Fatalf("after kill -9 the document is %+v", got)
		}
		if kept, err := s.Marks(t.Context(), "a"); err != nil || !slices.Equal(kept, marks) {
			t.Errorf("after kill -9 the marks are %+v, error %v", kept, err)
		}
		if refused, err := s.Upsert(t.Context(), []argos.Truck{document(1, 5)}); err != nil || len(refused) != 1 {
			t.Errorf("the guard after kill -9: refused %v, error %v", refused, err)
		}
	}
}
