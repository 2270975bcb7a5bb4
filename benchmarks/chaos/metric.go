package main

import (
	"context"
	"fmt"
	"net/http"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// felt runs a fault, and fails unless a counter of a part says that the fault was felt: one that nobody feels proves nothing.
func felt(ctx context.Context, by *part, name string, fault func() error) error {
	before, err := by.metric(ctx, name)
	if err != nil {
		return err
	}
	if err := fault(); err != nil {
		return err
	}
	after, err := by.metric(ctx, name)
	if err == nil && after <= before {
		err = fmt.Errorf("nothing came of it: %s of the %s is still %v", name, by.name, after)
	}
	return err
}

// metric reads a counter of a part that has not been started again since the fault.
func (p *part) metric(ctx context.Context, name string) (float64, error) {
	families, err := p.metrics(ctx)
	if err != nil {
		return 0, err
	}
	f := families[name] // none yet, if nothing of a partition was counted
	sum := 0.0          // of all partitions
	for _, m := range f.GetMetric() {
		sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
	}
	return sum, nil
}

func (p *part) metrics(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.admin+"/metrics", http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("metrics of the %s: %w", p.name, err)
	}
	defer res.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(res.Body)
	if err != nil {
		return nil, fmt.Errorf("metrics of the %s: %w", p.name, err)
	}
	return families, nil
}
