package cluster_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"argos/cluster"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestClientSaysWhatIsWrong: each mistake in the configuration or its files is one sentence, before anything is sent.
func TestClientSaysWhatIsWrong(t *testing.T) {
	t.Setenv("ARGOS_KAFKA_PASSWORD", "")
	missing, text, empty := filepath.Join(t.TempDir(), "missing"), file(t, "no certificate\n"), file(t, "\n")
	at := []string{"localhost:9092"}
	for name, c := range map[string]struct {
		cluster.Config
		says []string
	}{
		"no address":            {cluster.Config{}, []string{"no Kafka broker address given"}},
		"no port":               {cluster.Plain("localhost:9092", "other"), []string{`"other" is not HOST:PORT`}},
		"CA without TLS":        {cluster.Config{Brokers: at, CA: text}, []string{"--kafka-tls"}},
		"no CA file":            {cluster.Config{Brokers: at, TLS: true, CA: missing}, []string{missing, "no such file"}},
		"no CA in it":           {cluster.Config{Brokers: at, TLS: true, CA: text}, []string{text, "no certificate (PEM)"}},
		"key without its half":  {cluster.Config{Brokers: at, TLS: true, Key: text}, []string{"go together"}},
		"no certificate in it":  {cluster.Config{Brokers: at, TLS: true, Cert: text, Key: text}, []string{text}},
		"no password":           {cluster.Config{Brokers: at, User: "u"}, []string{`user "u"`, "--kafka-password-file", "ARGOS_KAFKA_PASSWORD"}},
		"no password file":      {cluster.Config{Brokers: at, User: "u", PasswordFile: missing}, []string{missing}},
		"empty password file":   {cluster.Config{Brokers: at, User: "u", PasswordFile: empty}, []string{empty, "is empty"}},
		"password without user": {cluster.Config{Brokers: at, PasswordFile: text}, []string{"--kafka-user"}},
		"plain without TLS":     {cluster.Config{Brokers: at, User: "u", PasswordFile: text, SASL: cluster.ClearText}, []string{"--kafka-tls"}},
		"unknown mechanism":     {cluster.Config{Brokers: at, User: "u", PasswordFile: text, SASL: "gssapi"}, []string{`"gssapi"`}},
		"forbidden character":   {cluster.Config{Brokers: at, User: "u", PasswordFile: file(t, "a\x00b")}, []string{`user "u"`}},
	} {
		_, err := c.Client("topic")
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, s := range c.says {
			if !strings.Contains(err.Error(), s) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: does not say %q: %v", name, s, err)
			}
		}
	}
}

// TestConfigTravelsWithoutSecrets: what is sent to a pipeline's workers names the password's place, and is all that they need.
func TestConfigTravelsWithoutSecrets(t *testing.T) {
	t.Setenv("ARGOS_KAFKA_PASSWORD", "hunter2")
	for _, c := range []cluster.Config{
		{Brokers: []string{"b:9092"}, User: "u", SASL: cluster.ScramSHA256},
		{Brokers: []string{"b:9092"}, TLS: true, User: "u", PasswordFile: file(t, "hunter2\n"), SASL: cluster.ClearText},
	} {
		b, err := json.Marshal(c)
		if err != nil || strings.Contains(string(b), "hunter2") {
			t.Fatalf("%s, %v", b, err)
		}
		var there cluster.Config
		if err := json.Unmarshal(b, &there); err != nil {
			t.Fatal(err)
		}
		client, err := there.Client()
		if err != nil {
			t.Fatal(err)
		}
		client.Close()
	}
}
