package cluster

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	kafka "github.com/segmentio/kafka-go"
)

// explain says what a failed first call means, and with which flag to begin.
func (c Config) explain(err error) error {
	var code kafka.Error
	var untrusted *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.Is(err, kafka.SASLAuthenticationFailed):
		return fmt.Errorf("Kafka at %s does not know the user %q with this password: %w", c, c.User, err)
	case errors.Is(err, kafka.UnsupportedSASLMechanism):
		return fmt.Errorf("Kafka at %s takes no password by %s, so try another --kafka-sasl: %w", c, c.mechanism(), err)
	case errors.Is(err, kafka.IllegalSASLState):
		return fmt.Errorf("Kafka at %s asks for no user at this port, so leave --kafka-user out: %w", c, err)
	case errors.As(err, &code):
		return fmt.Errorf("Kafka at %s refuses us: %w", c, err)
	case errors.As(err, &untrusted):
		return fmt.Errorf("the certificate of Kafka at %s is not vouched for by %s: %w", c, c.authorities(), err)
	case errors.As(err, &op) && op.Op == "remote error":
		return fmt.Errorf("Kafka at %s ends the TLS handshake; perhaps it wants a certificate (--kafka-cert): %w", c, err)
	case errors.As(err, &notTLS):
		return fmt.Errorf("Kafka at %s does not speak TLS at this port: %w", c, err)
	case hungUp(err):
		return fmt.Errorf("Kafka at %s hangs up at once; %s: %w", c, c.whyHungUp(err), err)
	}
	return fmt.Errorf("no Kafka broker answers at %s: %w", c, err)
}

func hungUp(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// whyHungUp is a guess: a broker that does not understand a client's first words, or wants others, says nothing.
func (c Config) whyHungUp(err error) string {
	switch {
	case !c.TLS && (c.User != "" || strings.Contains(err.Error(), "expecting TLS")):
		return "this port probably wants TLS (--kafka-tls)"
	case !c.TLS:
		return "this port probably wants TLS (--kafka-tls) or a user (--kafka-user)"
	case c.User == "":
		return "this port probably has no TLS, or wants a user (--kafka-user)"
	}
	return "this port probably has no TLS"
}

func (c Config) authorities() string {
	if c.CA == "" {
		return "the system's authorities, so name its own (--kafka-ca)"
	}
	return c.CA
}
