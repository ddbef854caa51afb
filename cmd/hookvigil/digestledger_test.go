package main

import (
	"testing"
	"time"
)

func TestRoundingIsNoGapInTheLedger(t *testing.T) {
	t.Parallel()
	start := time.Date(2023, 11, 11, 11, 0, 0, 0, time.UTC)
	for sentence, tc := range map[string]struct {
		covered float64 // seconds
		window  time.Duration
		want    string
	}{
		"a moment of 140 s":    {139.9998, 140 * time.Second, "2m20s of 2m20s"},
		"a second of 140 s":    {139, 140 * time.Second, "2m19s of 2m20s"},
		"a moment of a minute": {59.9998, time.Minute, "1m of 1m"},
		"20 s of six hours":    {6*3600 - 20, 6 * time.Hour, "6h of 6h"},
		"40 s of six hours":    {6*3600 - 40, 6 * time.Hour, "5h59m of 6h"},
		"an hour and a second": {3601, 2 * time.Hour, "1h of 2h"},
		"seventy seconds":      {70, 6 * time.Hour, "1m10s of 6h"},
		"nothing":              {0, 6 * time.Hour, "0s of 6h"},
	} {
		r := digestRow{Start: start, End: start.Add(tc.window), Covered: tc.covered}
		if got := r.coverage(); got != tc.want {
			t.Errorf("%s: got %q, want %q", sentence, got, tc.want)
		}
	}
}
