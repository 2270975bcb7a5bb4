package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// Mechanisms by which a password is proven. ClearText sends it as it is, so it is for TLS only.
const (
	ScramSHA512 = "scram-sha-512"
	ScramSHA256 = "scram-sha-256"
	ClearText   = "plain"
)

// passwordVariable is where a password comes from that no file holds.
const passwordVariable = "ARGOS_KAFKA_PASSWORD"

// encryption is nil for a cluster without TLS.
func (c Config) encryption() (*tls.Config, error) {
	switch {
	case !c.TLS && (c.CA != "" || c.Cert != "" || c.Key != ""):
		return nil, errors.New("certificates for Kafka are given, but not that it speaks TLS (--kafka-tls)")
	case !c.TLS:
		return nil, nil //nolint:nilnil // none
	case (c.Cert == "") != (c.Key == ""):
		return nil, errors.New("our certificate for Kafka and its key go together (--kafka-cert, --kafka-key)")
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("certificates that vouch for Kafka: %w", err)
		}
		if t.RootCAs = x509.NewCertPool(); !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificates that vouch for Kafka: no certificate (PEM) is in %s", c.CA)
		}
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("our certificate for Kafka, %s with the key %s: %w", c.Cert, c.Key, err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

// login is nil for a cluster that asks for no user.
func (c Config) login() (sasl.Mechanism, error) {
	if c.User == "" {
		if c.PasswordFile != "" {
			return nil, errors.New("a password for Kafka is given, but no user (--kafka-user)")
		}
		return nil, nil //nolint:nilnil // none
	}
	password, err := c.password()
	if err != nil {
		return nil, err
	}
	switch c.mechanism() {
	case ScramSHA512:
		return scrambled(scram.SHA512, c.User, password)
	case ScramSHA256:
		return scrambled(scram.SHA256, c.User, password)
	case ClearText:
		if !c.TLS {
			return nil, errors.New("the mechanism plain shows the password to the network: it needs TLS (--kafka-tls)")
		}
		return plain.Mechanism{Username: c.User, Password: password}, nil
	}
	return nil, fmt.Errorf("no mechanism %q is known: want %s, %s or %s", c.SASL, ScramSHA512, ScramSHA256, ClearText)
}

func (c Config) mechanism() string {
	if c.SASL == "" {
		return ScramSHA512
	}
	return c.SASL
}

func scrambled(hash scram.Algorithm, user, password string) (sasl.Mechanism, error) {
	m, err := scram.Mechanism(hash, user, password)
	if err != nil { // a character that no user name or password may have
		return nil, fmt.Errorf("user %q for Kafka, or the password: %w", user, err)
	}
	return m, nil
}

func (c Config) password() (string, error) {
	password := os.Getenv(passwordVariable)
	if c.PasswordFile != "" {
		b, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return "", fmt.Errorf("the password for Kafka: %w", err)
		}
		if password = strings.TrimRight(string(b), "\r\n"); password == "" {
			return "", fmt.Errorf("the password for Kafka: %s is empty", c.PasswordFile)
		}
	}
	if password == "" {
		return "", fmt.Errorf("user %q for Kafka has no password: name a file that holds it (--kafka-password-file), or set %s", c.User, passwordVariable)
	}
	return password, nil
}
