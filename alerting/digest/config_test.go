package digest

import (
	"strings"
	"testing"
	"time"
)

func TestConfigNamesEveryFault(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		change func(*Config)
		want   []string
	}{
		"the defaults":       {func(*Config) {}, nil},
		"a demo":             {func(c *Config) { c.Every, c.Spread, c.Delay = 10*time.Second, 0, time.Second }, nil},
		"nothing at all":     {func(c *Config) { *c = Config{} }, []string{"every: 0s", "spread:", "delay:"}},
		"a spread too long":  {func(c *Config) { c.Spread = 6 * time.Hour }, []string{"spread: 6h0m0s"}},
		"a delay below 0":    {func(c *Config) { c.Delay = -1 }, []string{"delay: -1ns"}},
		"an hour of no day":  {func(c *Config) { c.DailyAt = day }, []string{"daily_at: 24h0m0s"}},
		"ticks of less work": {func(c *Config) { c.PerTick = -1 }, []string{"per_tick: -1"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			c := DefaultConfig()
			tc.change(&c)
			var got []string
			if err := c.Validate(); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if len(got) != len(tc.want) {
				t.Fatalf("got %q, want %d faults", got, len(tc.want))
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tc.want[i]) {
					t.Errorf("got %q, want %q", got[i], tc.want[i])
				}
			}
		})
	}
}
