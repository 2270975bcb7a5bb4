package pipelines

import "testing"

func TestOneTroubleIsToldOnce(t *testing.T) {
	for from, to := range map[string]string{
		"read tcp 127.0.0.1:58352->127.0.0.1:9092: i/o timeout": "read tcp 127.0.0.1->127.0.0.1:9092: i/o timeout",
		"read tcp [::1]:58352->[::1]:9092: i/o timeout":         "read tcp [::1]->[::1]:9092: i/o timeout",
		"partition 3 ends at offset 10":                         "partition 3 ends at offset 10",
	} {
		if got := samePort(from); got != to {
			t.Errorf("%s became %s", from, got)
		}
	}
}
