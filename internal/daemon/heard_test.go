package daemon

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
)

// A source is silent; this process stalls again and again (a throttled
// container), or is started again and again. Both put the silence off by the
// time in which nobody listened, and no more.
func TestASilentSourceIsToldBesideBreaks(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		every, stall time.Duration
		restart      bool
	}{
		"no stall":                  {4 * time.Minute, time.Second, false},
		"six seconds each four min": {4 * time.Minute, 6 * time.Second, false},
		"a start each two min":      {2 * time.Minute, 2 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				kept := &shard{}
				d := judging(t, kept)
				d.arrived()
				gaps, err := d.column.senders.Gaps() // as of minutes before a restart
				if err != nil {
					t.Fatal(err)
				}
				begin, listened := time.Now(), time.Duration(0)
				for !d.silent() && time.Since(begin) < 12*time.Hour {
					for step := time.Now().Add(tt.every); time.Now().Before(step) && !d.silent(); listened += 4 * time.Second {
						d.hears(time.Now())
						d.judgeSources(t.Context())
						time.Sleep(4 * time.Second)
					}
					heard := d.column.senders.Arrivals(time.Now())
					time.Sleep(tt.stall)
					if !tt.restart || d.silent() {
						continue
					}
					d = judging(t, kept)
					if err := d.column.senders.RecallGaps(gaps, time.Now()); err != nil {
						t.Fatal(err)
					}
					d.column.senders.RecallArrivals(heard, time.Now())
				}
				if listened < 5*time.Minute || listened > 8*time.Minute {
					t.Errorf("told: %t, after %s in which we listened; want about six minutes", d.silent(), listened)
				}
			})
		})
	}
}

// What is kept tells a restart of a moment from an absence, whenever something
// was last seen; without it that is what counts.
func TestTheSignOfLifeIsWhatCounts(t *testing.T) {
	t.Parallel()
	alive := func(ago time.Duration) func(time.Time) *store.Heard {
		return func(now time.Time) *store.Heard { return &store.Heard{Alive: now.Add(-ago)} }
	}
	for name, tt := range map[string]struct {
		kept func(now time.Time) *store.Heard // by the time at which the test runs, which may wait for others
		want bool
	}{
		"alive until just now":         {alive(0), false},
		"alive until ten minutes ago":  {alive(10 * time.Minute), true},
		"an older version ran since":   {alive(48 * time.Hour), true},
		"of an older version: nothing": {func(time.Time) *store.Heard { return nil }, true},
		"soon after an absence": {func(now time.Time) *store.Heard {
			return &store.Heard{Alive: now, Absence: store.Absence{
				From: now.Add(-time.Hour), To: now.Add(-time.Minute), First: now.Add(-time.Minute), Until: now.Add(9 * time.Minute),
			}}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := judging(t, &shard{})
			var err error
			if d.store, err = store.Open(t.Context(), t.TempDir(), d.log); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.store.Close() }) // a test's
			now := time.Now()
			kept, looks := tt.kept(now), []store.Look{{Probe: &probes.Memory{Last: probes.Result{At: now.Add(-time.Hour)}}}}
			if kept != nil {
				if err := d.store.SaveHeard(t.Context(), *kept); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.loadHeard(t.Context(), looks); err != nil {
				t.Fatal(err)
			}
			from, _, got := d.column.hearing.absent(time.Now())
			if got != tt.want {
				t.Errorf("absent: %t (from %s), want %t", got, from, tt.want)
			}
			if kept != nil && kept.Alive.Before(time.Now().Add(-24*time.Hour)) && from.Before(time.Now().Add(-2*time.Hour)) {
				t.Errorf("absent from %s, want from what was seen last", from)
			}
			d.saveHeard(t.Context())
			heard, err := d.store.Heard(t.Context())
			if err != nil || time.Since(heard.Alive) > time.Minute || heard.Absence.To.IsZero() == tt.want {
				t.Errorf("kept %+v, %v; want a sign of life of now, and the absence", heard, err)
			}
		})
	}
}
