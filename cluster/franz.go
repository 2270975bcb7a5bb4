package cluster

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Franz is how a client of franz-go reaches the cluster, which serves where kafka-go has nothing of the kind: package
// membership.
func (c Config) Franz() ([]kgo.Opt, error) {
	encryption, err := c.encryption()
	if err != nil {
		return nil, err
	}
	options := []kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.ClientID("argos")}
	if encryption != nil {
		options = append(options, kgo.DialTLSConfig(encryption))
	}
	if c.User == "" {
		return options, nil
	}
	password, err := c.password()
	if err != nil {
		return nil, err
	}
	var login sasl.Mechanism
	switch c.mechanism() {
	case ScramSHA512:
		login = scram.Auth{User: c.User, Pass: password}.AsSha512Mechanism()
	case ScramSHA256:
		login = scram.Auth{User: c.User, Pass: password}.AsSha256Mechanism()
	case ClearText:
		login = plain.Auth{User: c.User, Pass: password}.AsMechanism()
	default:
		return nil, fmt.Errorf("no mechanism %q is known", c.SASL)
	}
	return append(options, kgo.SASL(login)), nil
}
