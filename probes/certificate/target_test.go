package certificate_test

import (
	"testing"
	"time"

	. "github.com/hookvigil/hookvigil/probes/certificate"
)

func TestThresholdReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Threshold{
		"25%":   {Share: 0.25},
		"0.5 %": {Share: 0.005},
		"100%":  {Share: 1},
		"14d":   {Cap: 14 * day},
		"1.5d":  {Cap: 36 * time.Hour},
		"36h":   {Cap: 36 * time.Hour},
	} {
		var got, again Threshold
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %+v and error %v, want %+v", text, got, err, want)
		}
		written, err := got.MarshalText()
		if err == nil {
			err = again.UnmarshalText(written)
		}
		if err != nil || again != want {
			t.Errorf("%q written as %q reads %+v and error %v, want %+v", text, written, again, err, want)
		}
	}
	for _, text := range []string{"", "0%", "101%", "-1%", "NaN%", "x%", "0d", "-3d", "NaNd", "4000d", "-1h", "0s", "14"} {
		if err := new(Threshold).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken, want an error", text)
		}
	}
}

func TestThresholdLeft(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		threshold  Threshold
		life, want time.Duration
	}{
		"a share":             {Threshold{Share: 0.25}, 200 * day, 50 * day},
		"a share with a cap":  {Threshold{Share: 0.25, Cap: 30 * day}, 200 * day, 30 * day},
		"a time, of any life": {Threshold{Cap: 14 * day}, 6 * day, 14 * day},
		"none":                {Threshold{}, 90 * day, 0},
	} {
		if got := c.threshold.Left(c.life); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}
