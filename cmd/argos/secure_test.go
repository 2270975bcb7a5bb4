package main

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"argos/io/sqliteio"
	"argos/rig"
	"argos/rig/rigtest"
)

// TestRolesOverTLS is TestRolesOnKafkaAndMongoDB with nothing in the clear: Apache Kafka over TLS, entered with a password by
// SCRAM, and the MongoDB-protocol server over TLS. No role logs the password.
func TestRolesOverTLS(t *testing.T) {
	apache.Start(t)
	roles := rolesAsProcesses(t, mongoOverTLS(t).URI, "--kafka", apache.Secure, "--kafka-tls", "--kafka-ca", apache.CA,
		"--kafka-user", rigtest.User, "--kafka-password-file", written(t, []byte(rigtest.Password+"\n")))
	for _, p := range roles {
		if strings.Contains(p.stderr(), rigtest.Password) {
			t.Errorf("%s logs Kafka's password:\n%s", p.cmd.Args[1], p.stderr())
		}
	}
}

func mongoOverTLS(t *testing.T) *rig.Mongo {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server")
	}
	m, err := rig.StartMongoTLS(t.Context(), t.TempDir())
	if errors.Is(err, rig.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Kill)
	return m
}

// refused runs each command line until it ends: with exit code 1 and one sentence, which has no password in it.
func refused(t *testing.T, says string, lines ...[]string) {
	t.Helper()
	var all []*process
	for _, l := range lines { // all at once, for some wait before they give up
		all = append(all, start(t, l...))
	}
	for _, p := range all {
		code := p.end(t)
		sentence(t, p.stderr(), says)
		if code != 1 {
			t.Errorf("%s: exit code %d", p.cmd.Args[1], code)
		}
		if strings.Contains(p.stderr(), rigtest.Password) || strings.Contains(p.stderr(), wrongPassword) {
			t.Errorf("%s says a password: %s", p.cmd.Args[1], p.stderr())
		}
	}
}

const wrongPassword = "0pen S3same"

func written(t *testing.T, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// otherCA is a file with a certificate that has nothing to do with the servers'.
func otherCA(t *testing.T) string {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return written(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

// Each role that speaks to Kafka says in one sentence why it is not let in.
func TestKafkaRefused(t *testing.T) {
	apache.Start(t)
	store := "sqlite:" + filepath.Join(t.TempDir(), "t.db")
	s, err := sqliteio.Open(t.Context(), store) // for audit, which makes none
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	password, wrong := written(t, []byte(rigtest.Password)), written(t, []byte(wrongPassword))
	missing := filepath.Join(t.TempDir(), "none.pem")
	for name, c := range map[string]struct {
		says  string
		flags []string
	}{
		"wrong CA": {"is not vouched for by ", []string{
			"--kafka", apache.Secure, "--kafka-tls", "--kafka-ca", otherCA(t), "--kafka-user", rigtest.User, "--kafka-password-file", password,
		}},
		"no CA": {"is not vouched for by the system's authorities, so name its own (--kafka-ca)", []string{
			"--kafka", apache.Secure, "--kafka-tls", "--kafka-user", rigtest.User, "--kafka-password-file", password,
		}},
		"missing CA file": {missing, []string{
			"--kafka", apache.Secure, "--kafka-tls", "--kafka-ca", missing, "--kafka-user", rigtest.User, "--kafka-password-file", password,
		}},
		"wrong password": {`does not know the user "argos" with this password`, []string{
			"--kafka", apache.Secure, "--kafka-tls", "--kafka-ca", apache.CA, "--kafka-user", rigtest.User, "--kafka-password-file", wrong,
		}},
		"unknown user": {`does not know the user "nobody" with this password`, []string{
			"--kafka", apache.Secure, "--kafka-tls", "--kafka-ca", apache.CA, "--kafka-user", "nobody", "--kafka-password-file", password,
		}},
		"unknown mechanism": {"takes no password by scram-sha-256, so try another --kafka-sasl", []string{
			"--kafka", apache.Secure, "--kafka-tls", "--kafka-ca", apache.CA, "--kafka-user", rigtest.User, "--kafka-password-file", password,
			"--kafka-sasl", "scram-sha-256",
		}},
		"no user":                 {"wants a user (--kafka-user)", []string{"--kafka", apache.Secure, "--kafka-tls", "--kafka-ca", apache.CA}},
		"no TLS to a TLS port":    {"probably wants TLS (--kafka-tls)", []string{"--kafka", apache.Secure}},
		"password to a TLS port":  {"probably wants TLS (--kafka-tls)", []string{"--kafka", apache.Secure, "--kafka-user", rigtest.User, "--kafka-password-file", password}},
		"TLS to a plain port":     {"has no TLS", []string{"--kafka", apache.Addr, "--kafka-tls", "--kafka-ca", apache.CA}},
		"password to a plain one": {"asks for no user at this port", []string{"--kafka", apache.Addr, "--kafka-user", rigtest.User, "--kafka-password-file", password}},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, c.says,
				append([]string{"gateway", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, c.flags...),
				append([]string{"pipeline", "--store", store, "--admin", "127.0.0.1:0"}, c.flags...),
				append([]string{"audit", "--store", store, "--ledger", os.DevNull}, c.flags...))
		})
	}
}

// So does each role that has a store in MongoDB. What a server with users says to wrong ones is package mongoio's to show: this
// one has none.
func TestMongoRefusedOverTLS(t *testing.T) {
	m := mongoOverTLS(t)
	apache.Start(t) // which audit asks first
	bare, _, _ := strings.Cut(m.URI, "?")
	missing := filepath.Join(t.TempDir(), "none.pem")
	for name, c := range map[string]struct{ says, options string }{
		"wrong CA":             {"tlsCAFile", "tls=true&tlsCAFile=" + otherCA(t)},
		"no CA":                {"tlsCAFile", "tls=true"},
		"missing CA file":      {missing, "tls=true&tlsCAFile=" + missing},
		"no TLS to a TLS port": {"?tls=true", "tls=false"},
	} {
		t.Run(name, func(t *testing.T) {
			store := bare + "?" + c.options
			refused(t, c.says,
				[]string{"pipeline", "--store", store, "--admin", "127.0.0.1:0", "--kafka", apache.Addr},
				[]string{"serve", "--store", store, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"},
				[]string{"audit", "--store", store, "--ledger", os.DevNull, "--kafka", apache.Addr})
		})
	}
}
