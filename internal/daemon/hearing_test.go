package daemon

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
)

func TestABreakIsNoticed(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		clock, ran time.Duration // between two looks
		want       bool
		absent     bool
	}{
		"a second":                       {time.Second, time.Second, false, false},
		"a busy machine":                 {4 * time.Second, 4 * time.Second, false, false},
		"stood still for 20 s":           {20 * time.Second, 20 * time.Second, true, false},
		"stood still for ten minutes":    {10 * time.Minute, 10 * time.Minute, true, true},
		"a machine that slept an hour":   {time.Hour, time.Second, true, true},
		"the clock was set back an hour": {-time.Hour, time.Second, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var h hearing
			h.began(time.Time{}, begin)
			if h.tick(begin.Add(time.Second), time.Second) {
				t.Error("the first look is after a break")
			}
			now := begin.Add(time.Second + tt.clock)
			if got := h.tick(now, time.Second+tt.ran); got != tt.want {
				t.Errorf("a break: %t, want %t", got, tt.want)
			}
			if want := begin; !tt.want && !h.listening().Equal(want) || tt.want && !h.listening().Equal(now) {
				t.Errorf("listening since %s", h.listening())
			}
			if _, _, got := h.absent(now); got != tt.absent || h.settling(now) != tt.absent {
				t.Errorf("absent: %t, settling: %t; want both %t", got, h.settling(now), tt.absent)
			}
			if _, _, got := h.absent(now.Add(catchUp)); got || h.settling(now.Add(settleIn)) {
				t.Error("it never ends")
			}
		})
	}
}

// Whoever is started again and again must not forget what was held back first.
func TestABreakSoonAfterAnotherIsOneWithIt(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	var h hearing
	h.began(begin.Add(-time.Hour), begin)
	h.tick(begin.Add(time.Second), time.Second)
	h.tick(begin.Add(time.Minute), time.Minute)
	if from, to, ok := h.absent(begin.Add(time.Minute)); !ok || !from.Equal(begin.Add(-time.Hour)) || !to.Equal(begin.Add(time.Minute)) {
		t.Errorf("absent from %s to %s (%t), want from an hour before the first", from, to, ok)
	}
}

func TestAliveUntilIsTheNewestOfAll(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	look := func(at time.Duration) store.Look {
		return store.Look{Probe: &probes.Memory{Last: probes.Result{At: begin.Add(at)}}}
	}
	for name, tt := range map[string]struct {
		looks  []store.Look
		logged time.Time
		want   time.Time
	}{
		"nothing":         {nil, time.Time{}, time.Time{}},
		"a log alone":     {[]store.Look{{}}, begin, begin},
		"the last look":   {[]store.Look{look(time.Hour), look(time.Minute)}, begin, begin.Add(time.Hour)},
		"the log goes on": {[]store.Look{look(-time.Hour)}, begin, begin},
	} {
		if got := aliveUntil(tt.looks, tt.logged); !got.Equal(tt.want) {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}
