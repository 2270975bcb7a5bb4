package gateway

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	kafka "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"argos/cluster"
)

// A gateway says in one line what an ack is worth, and does not start where that is less than is required.
func TestApacheKafkaSaysWhatAnAckIsWorth(t *testing.T) {
	setting := func(name, value string) kafka.ConfigEntry {
		return kafka.ConfigEntry{ConfigName: name, ConfigValue: value}
	}
	for name, c := range map[string]struct {
		settings []kafka.ConfigEntry
		says     string
	}{
		"one replica":  {nil, "an ack says that at least 1 of 1 replicas have the fix: it is as safe as one disk"},
		"none can ack": {[]kafka.ConfigEntry{setting("min.insync.replicas", "2")}, "nothing can be acknowledged: min.insync.replicas is 2"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := apacheKafka(t, c.settings...)
			var log bytes.Buffer
			cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
			startGateway(t, cfg)
			if s := log.String(); strings.Count(s, c.says) != 1 {
				t.Errorf("logged:\n%s", s)
			}
			cfg.RequireReplicas = 2
			if _, err := New(t.Context(), cfg); err == nil ||
				!strings.Contains(err.Error(), "an ack is worth 1 replicas and 2 are required") {
				t.Errorf("two are required: %v", err)
			}
		})
	}
}

// Where Kafka does not tell, a gateway that requires nothing starts and says so, and one that does not.
func TestSettingsThatMayNotBeRead(t *testing.T) {
	b := startBroker(t, 1)
	b.ControlKey(int16(kmsg.DescribeConfigs), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.KeepControl()
		res := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
		for _, r := range req.(*kmsg.DescribeConfigsRequest).Resources {
			refused := kmsg.NewDescribeConfigsResponseResource()
			refused.ResourceName, refused.ResourceType, refused.ErrorCode = r.ResourceName, r.ResourceType, kerr.TopicAuthorizationFailed.Code
			res.Resources = append(res.Resources, refused)
		}
		return res, nil, true
	})
	var log bytes.Buffer
	cfg := Config{Kafka: cluster.Plain(b.addr), Log: slog.New(slog.NewTextHandler(&log, nil))}
	startGateway(t, cfg)
	if s := log.String(); !strings.Contains(s, "it can't be told what an ack is worth") {
		t.Errorf("logged:\n%s", s)
	}
	cfg.RequireReplicas = 2
	if _, err := New(t.Context(), cfg); err == nil ||
		!strings.Contains(err.Error(), "it can't be told whether 2 replicas") {
		t.Error(err)
	}
}
