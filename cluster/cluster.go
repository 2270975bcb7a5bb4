// Package cluster is what a client has to know of a Kafka cluster: where it is, how to trust it and how to prove who we are.
// It makes the clients of everyone who speaks to Kafka, and says in one sentence why a cluster turns one away.
package cluster

import (
	"fmt"
	"net"
	"strings"
	"time"

	kafka "github.com/segmentio/kafka-go"
)

// Config is told by flags and travels to the workers of a pipeline. So it holds no secret: password and key are read, where a
// client is made, from files that it names.
type Config struct {
	Brokers []string // HOST:PORT each; any one of the cluster's will do

	TLS       bool
	CA        string // file with the certificates (PEM) that vouch for the brokers; the system's unless given
	Cert, Key string // files with our own certificate and its key (PEM), if the cluster wants one

	User         string // empty: none is asked for
	PasswordFile string // else the variable ARGOS_KAFKA_PASSWORD
	SASL         string // how the password is proven: ScramSHA512 unless given
}

// Plain is a cluster that asks for nothing, as the embedded broker.
func Plain(brokers ...string) Config { return Config{Brokers: brokers} }

// RequestTimeout bounds one request of a client. kafka-go gives the server half of it, and with none 500 ms for a produce.
const RequestTimeout = 10 * time.Second

// Client speaks to one cluster.
type Client struct {
	*kafka.Client
	of        Config
	transport *kafka.Transport
}

// Client makes a client that knows the given topics. Nothing is sent yet; an error is about the configuration or its files.
// Partitions is to be its first call.
func (c Config) Client(topics ...string) (*Client, error) {
	if len(c.Brokers) == 0 {
		return nil, fmt.Errorf("no Kafka broker address given")
	}
	for _, b := range c.Brokers {
		if _, port, err := net.SplitHostPort(b); err != nil || port == "" {
			return nil, fmt.Errorf("Kafka address %q is not HOST:PORT", b)
		}
	}
	encryption, err := c.encryption()
	if err != nil {
		return nil, err
	}
	login, err := c.login()
	if err != nil {
		return nil, err
	}
	t := &kafka.Transport{
		ClientID: "argos", TLS: encryption, SASL: login,
		// Where a partition's leader is, is learnt by this timer alone, which also bounds the question. Without names it would
		// ask for every topic there is.
		MetadataTTL: 2 * time.Second, MetadataTopics: topics,
	}
	return &Client{
		Client: &kafka.Client{Addr: kafka.TCP(c.Brokers...), Timeout: RequestTimeout, Transport: t},
		of:     c, transport: t,
	}, nil
}

// Close ends the connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// String names the cluster to people.
func (c Config) String() string { return strings.Join(c.Brokers, ",") }
