package conditions_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/rules"
)

// Counts alone open and clear what attempts would: one ask every ten seconds.
func TestSamplesOpenAndClearARatio(t *testing.T) {
	t.Parallel()
	c := conditions.New(conditions.Config{}, newMemory(), quiet())
	channel := rules.ScopeOf(rules.ScopeChannel, "QR")
	at := day
	play := func(d time.Duration, failed int, until func() bool) {
		for end := at.Add(d); at.Before(end); {
			at = at.Add(10 * time.Second)
			c.Counted([]conditions.Sample{
				{Scope: rules.ScopePlatform, At: at, First: 200, Failed: failed}, {Scope: channel, At: at, First: 50, Failed: failed},
				{Scope: rules.ScopeOf(rules.ScopeTarget, "ledger"), At: at, First: 100, Failed: 100}, // nothing is decided of it
			})
			c.Idle(t.Context(), at)
			if until != nil && until() {
				return
			}
		}
	}
	play(2*time.Hour, 0, nil)
	if open := c.Standing(); len(open) != 0 {
		t.Fatalf("in good health stands %+v", open)
	}
	begin := at
	both := func() bool {
		_, platform := c.Open(rules.RulePlatformErrorRatio, rules.ScopePlatform)
		_, qr := c.Open(rules.RuleChannelErrorRatio, channel)
		return platform && qr
	}
	play(15*time.Minute, 12, both) // 6 % of all, 24 % of the channel
	if !both() {
		t.Fatalf("after %s stands %+v, want platform and channel", at.Sub(begin), c.Standing())
	}
	play(30*time.Minute, 0, nil)
	if both() {
		t.Errorf("half an hour of good health later stands %+v", c.Standing())
	}
}

// What cannot be counted is left away without harm.
func TestSamplesThatDoNotCount(t *testing.T) {
	t.Parallel()
	c := conditions.New(conditions.Config{}, newMemory(), quiet())
	c.Counted([]conditions.Sample{{Scope: rules.ScopePlatform, At: day, First: 10}})
	c.Idle(t.Context(), day.Add(time.Hour))
	before := c.LateTotal()
	c.Counted([]conditions.Sample{
		{Scope: rules.ScopePlatform, At: day, First: 1000, Failed: 1000},                               // long closed
		{Scope: rules.ScopePlatform, At: day.Add(time.Hour), First: -5, Failed: 3},                     // nobody counts down
		{Scope: rules.ScopePlatform, At: day.Add(time.Hour), First: 1 << 40, Failed: 1 << 20},          // more than a tick takes
		{Scope: rules.ScopeOf(rules.ScopeTarget, "shop"), At: day.Add(time.Hour), First: 9, Failed: 9}, // nothing is decided of it
	})
	if got := c.LateTotal() - before; got != 1000 {
		t.Errorf("%d came late, want 1000", got)
	}
	c.Idle(t.Context(), day.Add(2*time.Hour))
	if open := c.Standing(); len(open) != 0 {
		t.Errorf("stands %+v, want nothing", open)
	}
}
