package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// KafkaConfig says what an Apache Kafka is to be like. Its zero value is a plain one.
type KafkaConfig struct {
	User, Password string   // also listen with TLS and SCRAM-SHA-512, for this user
	Settings       []string // more broker settings, key=value

	// Proxied are further plain listeners: of each the address that it is reached at, which is a proxy's, and the one that it
	// listens on. Clients that come through a proxy stay on it, for that is the address the broker tells them.
	Proxied []Listener
}

// Listener is where a broker is reached, and where it listens.
type Listener struct{ Advertised, Listen string }

// Kafka is one Apache Kafka broker (KRaft, its own controller), whose data outlives its process.
type Kafka struct {
	*Server
	Addr   string // host:port, plain text
	Secure string // host:port with TLS and SCRAM, if asked for
	CA     string // file with the certificate that Secure shows

	dir, libs string
}

// StartKafka starts a broker with its data in dir. The caller ends it with Kill or Stop; it ends with this process.
func StartKafka(ctx context.Context, dir string, cfg KafkaConfig) (*Kafka, error) {
	libs, err := jars(ctx, "kafka")
	if err != nil {
		return nil, err
	}
	addrs, err := FreeAddrs(3)
	if err != nil {
		return nil, err
	}
	k := &Kafka{dir: dir, libs: libs, Addr: addrs[0]}
	if cfg.User != "" {
		k.Secure, k.CA = "localhost:"+strings.TrimPrefix(addrs[2], host), filepath.Join(dir, "ca.pem")
		if err := selfSigned(dir); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(k.properties(), []byte(k.settings(addrs, cfg)), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(k.logging(), []byte(kafkaLogging), 0o600); err != nil {
		return nil, err
	}
	format := k.java("kafka.tools.StorageTool", "format", "-t", "argosTestClusterAAAAAAA", "-c", k.properties())
	if cfg.User != "" {
		format = append(format, "--add-scram", fmt.Sprintf("SCRAM-SHA-512=[name=%s,password=%s]", cfg.User, cfg.Password))
	}
	if out, err := exec.CommandContext(ctx, "java", format...).CombinedOutput(); err != nil { //nolint:gosec // our own arguments
		return nil, fmt.Errorf("format Kafka's storage: %w: %s", err, out)
	}
	return k, k.Start(ctx)
}

// Start starts the broker again, on its old ports with its old data.
func (k *Kafka) Start(ctx context.Context) (err error) {
	started := func(line string) bool { return strings.Contains(line, "Kafka Server started") }
	k.Server, err = Launch(ctx, started, "java", k.java("kafka.Kafka", k.properties())...)
	return err
}

func (k *Kafka) properties() string { return filepath.Join(k.dir, "server.properties") }
func (k *Kafka) logging() string    { return filepath.Join(k.dir, "log4j2.properties") }

func (k *Kafka) java(class string, args ...string) []string {
	return append([]string{
		"-XX:+UseSerialGC", "-Xmx512m", "-Dlog4j2.configurationFile=" + k.logging(), "-cp", filepath.Join(k.libs, "*"), class,
	}, args...)
}

// Settings of a single broker that starts fast and forgets nothing.
const kafkaSettings = `process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
log.cleaner.dedupe.buffer.size=16777216
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=2000
`

const kafkaLogging = `status=error
appender.o.type=Console
appender.o.name=o
appender.o.layout.type=PatternLayout
appender.o.layout.pattern=%d %p %m (%c{1})%n
rootLogger.level=info
rootLogger.appenderRef.o.ref=o
`

func (k *Kafka) settings(addrs []string, cfg KafkaConfig) string {
	var b strings.Builder
	b.WriteString(kafkaSettings)
	listeners, advertised := fmt.Sprintf("PLAINTEXT://%s,CONTROLLER://%s", k.Addr, addrs[1]), "PLAINTEXT://"+k.Addr
	if k.Secure != "" {
		listeners += ",SASL_SSL://" + addrs[2]
		advertised += ",SASL_SSL://" + k.Secure
		fmt.Fprintf(&b, "ssl.keystore.type=PEM\nssl.keystore.location=%s\n", filepath.Join(k.dir, "server.pem"))
	}
	protocols := "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL"
	for i, l := range cfg.Proxied {
		listeners += fmt.Sprintf(",PROXIED%d://%s", i, l.Listen)
		advertised += fmt.Sprintf(",PROXIED%d://%s", i, l.Advertised)
		protocols += fmt.Sprintf(",PROXIED%d:PLAINTEXT", i)
	}
	fmt.Fprintf(&b, "listener.security.protocol.map=%s\n", protocols)
	fmt.Fprintf(&b, "listeners=%s\nadvertised.listeners=%s\ncontroller.quorum.voters=1@%s\nlog.dirs=%s\n",
		listeners, advertised, addrs[1], filepath.Join(k.dir, "data"))
	for _, s := range cfg.Settings {
		b.WriteString(s + "\n")
	}
	return b.String()
}
