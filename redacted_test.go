package argos_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"argos"
)

func TestRedacted(t *testing.T) {
	for uri, want := range map[string]string{
		"sqlite:trucks.db":                               "sqlite:trucks.db",
		"sqlite:a@b?.db":                                 "sqlite:a@b?.db",
		"mongodb:u:secret@host":                          "mongodb:u:xxxxx@host",
		"sqlite:///data/trucks.db":                       "sqlite:///data/trucks.db",
		"mongodb://host/argos":                           "mongodb://host/argos",
		"mongodb://u:secret@a:1,b:2/argos?replicaSet=rs": "mongodb://u:xxxxx@a:1,b:2/argos?replicaSet=rs",
		"mongodb+srv://u:secret@host":                    "mongodb+srv://u:xxxxx@host",
		"mongodb://u@host/argos":                         "mongodb://u@host/argos",
		"mongodb://u:se/cr@e:t?@host/argos":              "mongodb://u:xxxxx@host/argos",
		"mongodb://host/?tls=true&tlsCertificateKeyFilePassword=secret&x=1": "mongodb://host/?tls=true&tlsCertificateKeyFilePassword=xxxxx&x=1",
		"mongodb://host/?authMechanismProperties=AWS_SESSION_TOKEN:secret":  "mongodb://host/?authMechanismProperties=xxxxx",
	} {
		if got := argos.Redacted(uri); got != want {
			t.Errorf("%s is shown as %s, want %s", uri, got, want)
		}
	}
}

// Whatever the registry says of an address, it does not say the password.
func TestOpenKeepsPasswords(t *testing.T) {
	var stores argos.Stores
	stores.Register("mongodb", func(context.Context, string) (argos.Store, error) { return nil, errors.New("out of order") })
	rapid.Check(t, func(rt *rapid.T) {
		secret := "S3CRET" + rapid.StringMatching(`[a-z%:/?#@\[\]! ]{0,12}`).Draw(rt, "secret") + "S3CRET"
		scheme := rapid.SampledFrom([]string{"mongodb://", "mongo://", "mongodb:", ""}).Draw(rt, "scheme")
		_, err := stores.Open(context.Background(), scheme+"user:"+secret+"@host:1,host:2/argos")
		if err == nil || strings.Contains(err.Error(), "S3CRET") {
			rt.Fatalf("error %v", err)
		}
	})
}
