package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"argos/rig"
	"argos/rig/rigtest"
)

// apache is a real broker, which the tests that ask for it share.
var apache rigtest.Kafka

// TestRolesOnKafkaAndMongoDB is TestRolesAsProcesses with real parts: Apache Kafka, and a server that speaks
// MongoDB's protocol (the one at ARGOS_TEST_MONGO, if given).
func TestRolesOnKafkaAndMongoDB(t *testing.T) {
	apache.Start(t)
	roles := rolesAsProcesses(t, withSecret(emptyMongo(t)), "--kafka", apache.Addr)
	for _, p := range roles {
		if strings.Contains(p.stderr(), secret) {
			t.Errorf("%s logs the store's secret:\n%s", p.cmd.Args[1], p.stderr())
		}
	}
}

const secret = "Gehe1m"

// withSecret adds a secret to an address that changes nothing of its meaning.
func withSecret(uri string) string {
	sep := "?"
	if strings.Contains(uri, sep) {
		sep = "&"
	}
	return uri + sep + "tlsCertificateKeyFilePassword=" + secret
}

// emptyMongo is the address of an empty database.
func emptyMongo(t *testing.T) string {
	t.Helper()
	server := os.Getenv("ARGOS_TEST_MONGO")
	if server == "" {
		m, err := rig.StartMongo(t.Context(), t.TempDir())
		if errors.Is(err, rig.ErrMissing) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(m.Kill)
		return m.URI + "/argos"
	}
	name := fmt.Sprintf("argos_test_roles_%d", os.Getpid())
	c, err := mongo.Connect(options.Client().ApplyURI(server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Database(name).Drop(context.Background()); err != nil {
			t.Error(err)
		}
		_ = c.Disconnect(context.Background())
	})
	address, query, _ := strings.Cut(server, "?")
	scheme, address, _ := strings.Cut(address, "://")
	hosts, users, _ := strings.Cut(address, "/")
	if strings.Contains(hosts, "@") && !strings.Contains(query, "authSource=") {
		query += "&authSource=" + cmp.Or(users, "admin") // else the new name would be taken for it
	}
	return scheme + "://" + hosts + "/" + name + "?" + query
}

// Each role that has a store says in one sentence what is wrong with it, and never its password.
func TestMongoRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	l.Close()
	for _, c := range []struct{ store, says string }{
		{"mongodb://argos:" + secret + "@" + nobody + "/argos?serverSelectionTimeoutMS=3000", nobody + " connection refused"},
		{"mongodb://argos:" + secret + "/" + secret + "@" + nobody, "percent-encoded"},
		{"mongo://argos:" + secret + "@" + nobody, `no store is called "mongo"`},
	} {
		for _, args := range [][]string{
			{"pipeline", "--admin", "127.0.0.1:0"},
			{"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"},
			{"audit", "--ledger", os.DevNull, "--kafka", nobody},
		} {
			code, _, stderr := runToEnd(t, append(args, "--store", c.store)...)
			if sentence(t, stderr, c.says); code != 1 {
				t.Errorf("%v: exit code %d", args, code)
			}
			if strings.Contains(stderr, secret) {
				t.Errorf("%s says the password: %s", args[0], stderr)
			}
		}
	}
}

// A running role logs where its store is, without the password; the environment is a place for the whole address.
func TestMongoPasswordIsNotLogged(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server")
	}
	t.Setenv("ARGOS_STORE", withSecret(emptyMongo(t)))
	address := freeAddr(t)
	p := start(t, "serve", "--listen", freeAddr(t), "--admin", address, "--log-level", "debug")
	eventually(t, "it serves", func() bool { return strings.Contains(p.stderr(), "serving the fleet") })
	for _, path := range []string{"/readyz", "/metrics"} {
		eventually(t, path+" answers", func() bool { code, _ := get("http://" + address + path); return code == 200 })
		if _, body := get("http://" + address + path); strings.Contains(body, secret) {
			t.Errorf("%s says the password", path)
		}
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != 0 || strings.Contains(p.stderr(), secret) || !strings.Contains(p.stderr(), "xxxxx") {
		t.Errorf("exit code %d\n%s", code, p.stderr())
	}
}
