package membership

import "github.com/prometheus/client_golang/prometheus"

var (
	rebalances = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "argos_group_rebalances_total", Help: "Times that the consumer group has divided the partitions anew.",
	})
	failures = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "argos_group_failures_total", Help: "Times that the process fell out of the consumer group and joined it again.",
	})
)

// Collectors are the package's metrics, for the process's registry.
func Collectors() []prometheus.Collector { return []prometheus.Collector{rebalances, failures} }
