package daemon

import (
	"testing"
	"time"
)

// No part of a strip is shorter than a bucket, and none cuts one.
func TestTheStripHasWholeBuckets(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		window, bucket time.Duration
		want           int
	}{
		"six hours":                              {6 * time.Hour, 15 * time.Minute, 12},
		"three hours":                            {3 * time.Hour, 15 * time.Minute, 12},
		"two hours":                              {2 * time.Hour, 15 * time.Minute, 8},
		"an hour":                                {time.Hour, 15 * time.Minute, 4},
		"as long as a bucket":                    {15 * time.Minute, 15 * time.Minute, 1},
		"shorter than a bucket":                  {time.Minute, 15 * time.Minute, 1},
		"four hours, which twelfths would cut":   {4 * time.Hour, 15 * time.Minute, 16},
		"five hours, as the clocks are set":      {5 * time.Hour, 15 * time.Minute, 10},
		"seven hours, as the clocks are set":     {7 * time.Hour, 15 * time.Minute, 14},
		"a day":                                  {24 * time.Hour, 15 * time.Minute, 12},
		"a week":                                 {7 * 24 * time.Hour, 15 * time.Minute, 12},
		"three minutes in buckets of seconds":    {3 * time.Minute, 5 * time.Second, 12},
		"a prime number of buckets, of some":     {23 * time.Minute, time.Minute, 23},
		"a prime number of buckets, of too many": {53 * time.Minute, time.Minute, 1},
		"no bucket":                              {time.Hour, 0, 12},
	} {
		if got := steps(tc.window, tc.bucket); got != tc.want {
			t.Errorf("%s: %d parts, want %d", sentence, got, tc.want)
		}
	}
}
