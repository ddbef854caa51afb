package traffic_test

import (
	"math"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
)

const tick = 10 * time.Second

func TestCountsAreAsConfigured(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rate, healthy, broken, want float64
	}{
		"seldom":       {0.01, 0.02, 0, 0.02},
		"now and then": {1, 0.003, 0, 0.003},
		"busy":         {100, 0.003, 0, 0.003},
		"an incident":  {10, 0.003, 0.04, 0.04},
		"a mild one":   {10, 0.05, 0.04, 0.05},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := traffic.NewCounts(traffic.Series{Seed: 1, Rate: tt.rate, Healthy: tt.healthy})
			var all, bad int
			const days = 5
			for at := time.Duration(0); at < days*24*time.Hour; at += tick {
				n, k := c.Next(at, tt.broken)
				all, bad = all+n, bad+k
			}
			wantShare(t, "failed", bad, all, tt.want)
			if want := tt.rate * days * 86400; math.Abs(float64(all)-want) > 5*math.Sqrt(want) {
				t.Errorf("%d attempts, want about %.0f", all, want)
			}
		})
	}
}

func TestRoughCountsSwingRestartAndWander(t *testing.T) {
	t.Parallel()
	const days = 40
	c := traffic.NewCounts(traffic.Series{Seed: 2, Rate: 100, Healthy: 0.003, Rough: traffic.RoughBaseline()})
	var night, noon, dead, longest, run int
	var logs, squares, counted float64
	for i := range days * 8640 {
		at := time.Duration(i) * tick
		n, k := c.Next(at, 0)
		if hours := (at % (24 * time.Hour)).Hours(); hours == 0 {
			night += n
		} else if hours == 12 {
			noon += n
		}
		if n == k {
			run++
			longest = max(longest, run)
			continue
		}
		if run > 0 {
			dead++
		}
		run = 0
		if at%(24*time.Hour) > 9*time.Hour && at%(24*time.Hour) < 15*time.Hour && k > 0 { // enough to see the ratio itself
			x := math.Log(float64(k) / float64(n))
			logs, squares, counted = logs+x, squares+x*x, counted+1
		}
	}
	if night < 70*days || night > 130*days || noon < 1850*days || noon > 1950*days {
		t.Errorf("%d at midnight, %d at noon in a hundred ticks each; want 100 and 1900 a tick", night, noon)
	}
	if dead < 20 || dead > 65 || longest < 2 || longest > 4 {
		t.Errorf("%d restarts in %d days, the longest of %d ticks; want one a day, of two ticks", dead, days, longest)
	}
	if sigma := math.Sqrt(squares/counted - logs/counted*logs/counted); sigma < 0.65 || sigma > 0.95 {
		t.Errorf("the logarithm of the ratio has sigma %.2f; want 0.7, and the draw of some 5 failures on top", sigma)
	}
}

func TestTheSameSeriesCountsTheSame(t *testing.T) {
	t.Parallel()
	s := traffic.Series{Seed: 3, Rate: 5, Healthy: 0.01, Rough: traffic.RoughBaseline()}
	one, two := traffic.NewCounts(s), traffic.NewCounts(s)
	s.Seed++
	other, differ := traffic.NewCounts(s), false
	for i := range 1000 {
		at := time.Duration(i) * tick
		n, k := one.Next(at, 0)
		if m, l := two.Next(at, 0); m != n || l != k {
			t.Fatalf("tick %d: %d/%d and %d/%d", i, k, n, l, m)
		}
		m, _ := other.Next(at, 0)
		differ = differ || m != n
	}
	if !differ {
		t.Error("another seed counts the same")
	}
}
