package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// stateJSON is the stored form of a [DetectorState]: {} for the zero one, at
// most about 1 KB for a busy one. The counts are flat: attempts, failed,
// attempts, failed, without the zeros at the end.
type stateJSON struct {
	At        int64    `json:"at,omitzero"`
	Began     int64    `json:"began,omitzero"`
	Tick      int64    `json:"tick,omitzero"`
	Recent    int64    `json:"recent,omitzero"`
	Sum       float64  `json:"sum,omitzero"`
	Change    [3]int64 `json:"change,omitzero"` // from, attempts, failed
	Loud      [3]int64 `json:"loud,omitzero"`
	Louds     int      `json:"louds,omitzero"`
	Opened    int64    `json:"opened,omitzero"`
	Cleared   int64    `json:"cleared,omitzero"`
	Severity  Severity `json:"severity,omitzero"`
	Below     int64    `json:"below,omitzero"`
	Delivered int      `json:"delivered,omitzero"`
	Window    []uint32 `json:"window,omitempty"`
	Day       []uint32 `json:"day,omitempty"`
	Apart     []uint32 `json:"apart,omitempty"`
}

// MarshalJSON writes the state so that UnmarshalJSON gives the same one back,
// bit for bit.
func (s DetectorState) MarshalJSON() ([]byte, error) {
	w := stateJSON{
		At: s.at, Began: s.began, Tick: s.tick, Recent: s.recent, Sum: s.sum, Change: s.change.flat(), Loud: s.loud.flat(), Louds: s.louds,
		Opened: s.opened, Cleared: s.cleared, Severity: s.severity, Below: s.below, Delivered: s.delivered,
	}
	for _, t := range s.window {
		w.Window = append(w.Window, t.n, t.k)
	}
	for _, p := range s.day {
		w.Day, w.Apart = append(w.Day, p.n, p.k), append(w.Apart, p.apart)
	}
	w.Window, w.Day, w.Apart = withoutEnd(w.Window), withoutEnd(w.Day), withoutEnd(w.Apart)
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON wrote, and reports every fault of
// anything else; s stays as it was then.
func (s *DetectorState) UnmarshalJSON(b []byte) error {
	var w stateJSON
	if err := json.Unmarshal(b, &w); err != nil {
		return fmt.Errorf("detector state: %w", err)
	}
	if err := errors.Join(w.faults()...); err != nil {
		return fmt.Errorf("detector state: %w", err)
	}
	*s = DetectorState{
		at: w.At, began: w.Began, tick: w.Tick, recent: w.Recent, sum: w.Sum, change: stretchOf(w.Change), loud: stretchOf(w.Loud), louds: w.Louds,
		opened: w.Opened, cleared: w.Cleared, severity: w.Severity, below: w.Below, delivered: w.Delivered,
	}
	for i, v := range w.Window {
		if t := &s.window[i/2]; i%2 == 0 {
			t.n = v
		} else {
			t.k = v
		}
	}
	for i, v := range w.Day {
		if p := &s.day[i/2]; i%2 == 0 {
			p.n = v
		} else {
			p.k = v
		}
	}
	for i, v := range w.Apart {
		s.day[i].apart = v
	}
	return nil
}

// stretchMost bounds what a stretch may have counted: a year of the fullest
// ticks of a millisecond.
const stretchMost = int64(detectorLongest) / 1e6 * TickAttempts

func (w stateJSON) faults() []error {
	var f faultList
	f.when(w.At < 0 || w.At > math.MaxInt64-int64(detectorLongest) || w.Tick < 0 || w.Tick > int64(detectorLongest) ||
		w.Recent < 0 || w.Recent > int64(detectorLongest) || (w.At != 0) != (w.Tick != 0) || (w.At != 0) != (w.Recent != 0),
		"at, tick, recent: %d, %d and %d do not go together", w.At, w.Tick, w.Recent)
	for i, v := range []int64{w.Began, w.Opened, w.Cleared, w.Below, w.Change[0], w.Loud[0]} {
		key := []string{"began", "opened", "cleared", "below", "change[0]", "loud[0]"}[i]
		f.when(v < 0 || v > w.At+w.Tick, "%s: %d is not a time up to the end of the last tick", key, v)
	}
	f.when(math.IsNaN(w.Sum) || math.IsInf(w.Sum, 0) || w.Sum < 0, "sum: %v is not 0 or more", w.Sum)
	f.when(w.Louds < 0, "louds: %d is negative", w.Louds)
	f.when(w.Delivered < 0 || w.Delivered > TickAttempts, "delivered: %d is outside [0, %d]", w.Delivered, TickAttempts)
	f.when(w.Opened == 0 && w.Severity != "" || w.Opened != 0 && w.Severity != High && w.Severity != Critical,
		"severity: %q does not go with opened: %d", clip(string(w.Severity)), w.Opened)
	f.when(w.Opened != 0 && w.Change[0] == 0, "change: an open episode has none")
	return append(f, w.countFaults()...)
}

func (w stateJSON) countFaults() []error {
	var f faultList
	for i, c := range [][3]int64{w.Change, w.Loud} {
		key := []string{"change", "loud"}[i]
		f.when(c[1] > stretchMost || c[2] < 0 || c[2] > c[1], "%s: %d of %d failed cannot be", key, c[2], c[1])
	}
	for _, l := range []struct {
		key        string
		have, most int
	}{
		{"window", len(w.Window), 2 * detectorWindow}, {"day", len(w.Day), 2 * (detectorDay + 1)}, {"apart", len(w.Apart), detectorDay + 1},
	} {
		f.when(l.have > l.most, "%s: %d numbers; wanted at most %d", l.key, l.have, l.most)
	}
	for i, v := range w.Window {
		f.when(i%2 == 0 && v > TickAttempts || i%2 == 1 && v > w.Window[i-1], "window[%d]: %d is too many", i, v)
	}
	for i, v := range w.Day {
		f.when(i%2 == 1 && v > w.Day[i-1], "day[%d]: %d is too many", i, v)
	}
	return f
}

func (s stretch) flat() [3]int64 { return [3]int64{s.from, int64(s.n), int64(s.k)} }

func stretchOf(f [3]int64) stretch { return stretch{from: f[0], n: int(f[1]), k: int(f[2])} }

func withoutEnd(counts []uint32) []uint32 {
	for len(counts) > 0 && counts[len(counts)-1] == 0 {
		counts = counts[:len(counts)-1]
	}
	return counts
}
