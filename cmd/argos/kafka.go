package main

import (
	"context"

	"argos"
	"argos/cluster"
	"argos/io/kafkaio"
)

// kafkaFlags are the same for every command that speaks to Kafka.
type kafkaFlags struct {
	Kafka             []string `help:"Kafka brokers, HOST:PORT each." default:"${kafka}"`
	KafkaTLS          bool     `name:"kafka-tls" help:"Speak TLS to Kafka."`
	KafkaCA           string   `name:"kafka-ca" help:"Certificates (PEM) that vouch for the brokers, instead of the system's." type:"path" placeholder:"FILE"`
	KafkaCert         string   `help:"Our own certificate (PEM), if Kafka wants one." type:"path" placeholder:"FILE"`
	KafkaKey          string   `help:"Its key (PEM)." type:"path" placeholder:"FILE"`
	KafkaUser         string   `help:"Our user at Kafka."`
	KafkaPasswordFile string   `help:"The file that holds the user's password, else $$ARGOS_KAFKA_PASSWORD does." type:"path" placeholder:"FILE"`
	KafkaSASL         string   `name:"kafka-sasl" help:"How the password is proven: ${enum}." enum:"scram-sha-512,scram-sha-256,plain" default:"scram-sha-512"`
}

func (f kafkaFlags) cluster() cluster.Config {
	return cluster.Config{
		Brokers: f.Kafka, TLS: f.KafkaTLS, CA: f.KafkaCA, Cert: f.KafkaCert, Key: f.KafkaKey,
		User: f.KafkaUser, PasswordFile: f.KafkaPasswordFile, SASL: f.KafkaSASL,
	}
}

func ensureTopics(ctx context.Context, at cluster.Config, partitions int) error {
	if err := kafkaio.EnsureTopic(ctx, at, argos.Topic, partitions); err != nil {
		return err
	}
	return kafkaio.EnsureTopic(ctx, at, argos.DeadLetterTopic, 1)
}
