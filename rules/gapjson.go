package rules

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// gapCellBytes is a cell as it is stored: short, then each of long.
const gapCellBytes = 2 + gapBins

// gapJSON is the stored form of a [GapLearner]: {} for the zero one.
type gapJSON struct {
	Began    int64  `json:"began,omitzero"`
	Last     int64  `json:"last,omitzero"`
	Counted  int64  `json:"counted,omitzero"`
	Skipped  bool   `json:"skipped,omitzero"`
	Arrivals int    `json:"arrivals,omitzero"`
	Day      int64  `json:"day,omitzero"`
	Cells    []byte `json:"cells,omitempty"` // gapDays * 24 cells, without the zeros at the end
}

// MarshalJSON writes the learner so that UnmarshalJSON gives the same one back,
// bit for bit, in at most 3.8 KB.
func (g GapLearner) MarshalJSON() ([]byte, error) {
	w := gapJSON{Began: g.began, Last: g.last, Counted: g.counted, Skipped: g.skipped, Arrivals: g.arrivals, Day: g.day}
	for _, day := range g.cells {
		for _, c := range day {
			w.Cells = append(binary.BigEndian.AppendUint16(w.Cells, c.short), c.long[:]...)
		}
	}
	for n := len(w.Cells); n > 0 && w.Cells[n-1] == 0; n-- {
		w.Cells = w.Cells[:n-1]
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON wrote, and reports every fault of
// anything else; g stays as it was then.
func (g *GapLearner) UnmarshalJSON(b []byte) error {
	var w gapJSON
	if err := json.Unmarshal(b, &w); err != nil {
		return fmt.Errorf("gap learner: %w", err)
	}
	if err := errors.Join(w.faults()...); err != nil {
		return fmt.Errorf("gap learner: %w", err)
	}
	*g = GapLearner{began: w.Began, last: w.Last, counted: w.Counted, skipped: w.Skipped, arrivals: w.Arrivals, day: w.Day}
	var all [gapDays * 24 * gapCellBytes]byte
	copy(all[:], w.Cells)
	for i := range gapDays * 24 {
		stored, c := all[i*gapCellBytes:(i+1)*gapCellBytes], &g.cells[i/24][i%24]
		c.short = binary.BigEndian.Uint16(stored)
		copy(c.long[:], stored[2:])
	}
	return nil
}

func (w gapJSON) faults() []error {
	var f faultList
	f.when(w.Began < 0 || w.Began > w.Last, "began: %d is outside [0, last]", w.Began)
	f.when(w.Last < 0 || w.Last/int64(time.Second) >= gapLatest, "last: %d is no time", w.Last)
	f.when(w.Counted < 0 || w.Counted > w.Last, "counted: %d is outside [0, last]", w.Counted)
	f.when(w.Arrivals < 0 || w.Arrivals > gapArrivals, "arrivals: %d is outside [0, %d]", w.Arrivals, gapArrivals)
	f.when(w.Day < 0 || w.Day > math.MaxInt64/(24*int64(time.Hour)), "day: %d is no day", w.Day)
	f.when(w.Last > 0 && w.Day != dayOfHour(hourOf(w.Last)), "day: %d is not that of last", w.Day)
	f.when(len(w.Cells) > gapDays*24*gapCellBytes, "cells: %d bytes are more than %d", len(w.Cells), gapDays*24*gapCellBytes)
	return f
}
