package deliveries_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

func TestTolerance(t *testing.T) {
	t.Parallel()
	spread := deliveries.Schedule{Name: "learned", Offsets: offsets(t, "15m", "10h"), Spread: offsets(t, "4m", "3h")}
	for name, tt := range map[string]struct {
		schedule     deliveries.Schedule
		offset, want string
	}{
		"2 min at least":                    {preset(t, "xendit"), "15m", "2m"},
		"2 min and 10 % are the same":       {preset(t, "xendit"), "20m", "2m"},
		"10 %":                              {preset(t, "xendit"), "24h", "2h24m"},
		"svix: 20 %":                        {preset(t, "svix"), "27h35m", "5h31m"},
		"svix: 2 min at least":              {preset(t, "svix"), "5s", "2m"},
		"hook0: 15 min beside 10 %":         {preset(t, "hook0"), "10h", "1h15m"},
		"a negative offset":                 {preset(t, "xendit"), "-10h", "2m"},
		"learnt: its spread":                {spread, "15m", "4m"},
		"learnt: its spread, further on":    {spread, "10h", "3h"},
		"learnt: the wider of two":          {spread, "5h", "3h"},
		"learnt: behind the last":           {spread, "12h", "3h"},
		"learnt: before the first":          {spread, "1m", "4m"},
		"learnt: 10 % where that is wider":  {spread, "100h", "10h"},
		"learnt: only the name: half":       {deliveries.Schedule{Name: "learned"}, "10h", "5h"},
		"learnt: only the name: 2 min":      {deliveries.Schedule{Name: "learned"}, "5s", "2m"},
		"a schedule that nobody has a name": {deliveries.Schedule{}, "10h", "1h"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pair := offsets(t, tt.offset, tt.want)
			if got := tt.schedule.Tolerance(pair[0]); got != pair[1] {
				t.Errorf("got %v, want %v", got, pair[1])
			}
		})
	}
}

func TestKnownAndManualEffectOfEachPreset(t *testing.T) {
	t.Parallel()
	effects := map[string]deliveries.ManualEffect{"svix": deliveries.ManualContinues, "outpost": deliveries.ManualCancels}
	for _, name := range deliveries.Presets() {
		s := preset(t, name)
		if got, want := s.Known(), name != "unknown"; got != want {
			t.Errorf("%s: known %t, want %t", name, got, want)
		}
		want, ok := effects[name]
		if !ok {
			want = deliveries.ManualUnknown
		}
		if got := s.ManualEffect(); got != want {
			t.Errorf("%s: a manual try %s, want %s", name, got, want)
		}
	}
	if (deliveries.Schedule{}).Known() {
		t.Error("the zero schedule is known, want not")
	}
	if !(deliveries.Schedule{Name: "unknown", Offsets: []time.Duration{hour}}).Known() {
		t.Error("a schedule with an offset is not known, want known")
	}
}
