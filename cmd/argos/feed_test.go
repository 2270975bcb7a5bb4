package main

import (
	"testing"
	"time"

	"argos"
)

// A recording is replayed at its own pace, whatever single rows or short runs of them claim of the time.
func TestSchedule(t *testing.T) {
	const second = int64(1000)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	future := time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	steady := func(n int, every int64) (fixes []argos.Fix) {
		for i := range n {
			fixes = append(fixes, argos.NewFix("T", start+int64(i)*every, 0, 0))
		}
		return fixes
	}
	for name, c := range map[string]struct {
		fixes []argos.Fix
		want  time.Duration // of the last one
		slack time.Duration
	}{
		"steady":      {steady(60, second), 59 * time.Second, 3 * time.Second},
		"slow":        {steady(10, 120*second), 9 * 2 * time.Minute, 4 * time.Minute},
		"one wrong":   {with(steady(60, second), future, 30), 59 * time.Second, 5 * time.Second},
		"three wrong": {with(steady(60, second), future, 30, 31, 32), 119 * time.Second, 70 * time.Second},
		"1024 weeks":  {with(steady(60, second), start-619_315_200_000, 20, 21, 22, 23), 119 * time.Second, 70 * time.Second},
		"late ones":   {with(steady(60, second), start+10*second, 15, 25), 59 * time.Second, 5 * time.Second},
		"none":        {nil, 0, 0},
	} {
		due := schedule(c.fixes)
		for i := 1; i < len(due); i++ {
			if due[i] < due[i-1] {
				t.Errorf("%s: row %d is due before the one ahead of it", name, i)
			}
		}
		if n := len(due); n > 0 && (due[n-1] > c.want+c.slack || due[n-1] < c.want-c.slack) {
			t.Errorf("%s: the last row is due after %v, want %v", name, due[n-1], c.want)
		}
	}
}

func with(fixes []argos.Fix, at int64, rows ...int) []argos.Fix {
	for _, i := range rows {
		fixes[i].Time = at
	}
	return fixes
}
