// Package deliveries holds what is known of real webhook deliveries: how a
// platform repeats them, where each event stands, and what will be lost when.
// It is pure.
package deliveries

import (
	"maps"
	"slices"
	"time"
)

// Schedule says when a platform repeats a failed delivery: the offsets of the
// automatic retries from the original attempt, ascending. The zero value
// knows no retry. Treat the slices as read-only.
type Schedule struct {
	Name    string
	Offsets []time.Duration

	// Spread is, for each of the Offsets of a learnt schedule, how far its
	// samples lie apart (10th to 90th percentile). Nil for presets.
	Spread []time.Duration
	// Open says that retries after the last of the Offsets may exist: an event
	// is never held to be lost by such a schedule. Only learnt ones are open.
	Open bool
}

// Known reports whether the schedule says when the next try comes: a preset
// other than "unknown", "none" included, or what was learnt. Nothing is
// forecast, and no event is lost, by a schedule that is not known.
func (s Schedule) Known() bool { return s.Name == presetNone || len(s.Offsets) > 0 }

// ManualEffect says what a manual attempt does to the automatic tries that
// are still to come.
type ManualEffect string

// The effects of a manual attempt. Where the effect is not known the chain is
// taken to go on: a retry that was announced and does not come is found by
// [Event.MissingRetry], a loss that was announced in error is not found.
const (
	ManualContinues ManualEffect = "continues" // the automatic tries come as if nothing had been
	ManualCancels   ManualEffect = "cancels"   // no automatic try follows
	ManualUnknown   ManualEffect = "unknown"
)

// ManualEffect returns what a manual attempt does on the platform of that
// schedule, as read in the sources of Svix (a manual failure schedules nothing
// and leaves the chain) and Outpost (it cancels the pending retry). Of the
// others it is not known.
func (s Schedule) ManualEffect() ManualEffect {
	switch s.Name {
	case "svix":
		return ManualContinues
	case "outpost":
		return ManualCancels
	default:
		return ManualUnknown
	}
}

// presetNone is the schedule of a sender that never retries.
const presetNone = "none"

// Unknown is the preset that says that the schedule has to be learnt.
const Unknown = "unknown"

// Presets returns the names of the known schedules, sorted. "none" never
// retries; "unknown" says that the schedule has to be learnt.
func Presets() []string { return slices.Sorted(maps.Keys(presets())) }

// Preset returns the schedule with that name, and false when there is none.
func Preset(name string) (Schedule, bool) {
	offsets, ok := presets()[name]
	if !ok {
		return Schedule{Name: name}, false
	}
	return Schedule{Name: name, Offsets: offsets()}, true
}

// presets: xendit from the provider's page "Webhook behavior" (15m, 1h, 3h,
// 6h, 12h, 24h after the original attempt); the others as read in the sources
// and pages of each project, without jitter.
func presets() map[string]func() []time.Duration {
	const s, m, h = time.Second, time.Minute, time.Hour
	return map[string]func() []time.Duration{
		"xendit":            func() []time.Duration { return []time.Duration{15 * m, h, 3 * h, 6 * h, 12 * h, 24 * h} },
		"svix":              func() []time.Duration { return steps(5*s, 5*m, 30*m, 2*h, 5*h, 10*h, 10*h) },
		"standard-webhooks": func() []time.Duration { return steps(5*s, 5*m, 30*m, 2*h, 5*h, 10*h, 14*h, 20*h, 24*h) },
		"outpost":           func() []time.Duration { return doubling(30*s, 10) },
		"convoy":            func() []time.Duration { return repeat(100*s, 10) },
		"hook0":             func() []time.Duration { return steps(hook0()...) },
		"adyen":             func() []time.Duration { return steps(adyen()...) },
		"eventgrid":         func() []time.Duration { return steps(10*s, 30*s, m, 5*m, 10*m, 30*m, h, 3*h, 6*h, 12*h) },
		presetNone:          func() []time.Duration { return nil },
		Unknown:             func() []time.Duration { return nil },
	}
}

// steps turns waits between tries into offsets from the original.
func steps(waits ...time.Duration) []time.Duration {
	offsets, at := make([]time.Duration, len(waits)), time.Duration(0)
	for i, w := range waits {
		at += w
		offsets[i] = at
	}
	return offsets
}

func doubling(first time.Duration, n int) []time.Duration {
	waits := make([]time.Duration, n)
	for i := range waits {
		waits[i] = first << i
	}
	return steps(waits...)
}

func repeat(wait time.Duration, n int) []time.Duration {
	return steps(slices.Repeat([]time.Duration{wait}, n)...)
}

// hook0 tries 24 times in at most 8 days: quick ones, then every 10 h.
func hook0() []time.Duration {
	waits := []time.Duration{3 * time.Second, 10 * time.Second, 3 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 5 * time.Hour}
	return append(waits, slices.Repeat([]time.Duration{10 * time.Hour}, 17)...)
}

// adyen tries for up to 30 days: its queue repeats every 8 h at the end.
func adyen() []time.Duration {
	const m, h = time.Minute, time.Hour
	waits := []time.Duration{9 * time.Second, 18 * time.Second, 27 * time.Second, 2 * m, 5 * m, 10 * m, 15 * m, 30 * m, h, 2 * h, 4 * h, 8 * h}
	return append(waits, slices.Repeat([]time.Duration{8 * h}, 87)...)
}
