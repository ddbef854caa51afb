package deliveries

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// learnerVersion is that of the shape below.
const learnerVersion = 1

// learnerState is a [Learner] as it is stored.
type learnerState struct {
	Version int           `json:"version"`
	Retries []learntState `json:"retries"` // of the numbers 2, 3, ...
}

type learntState struct {
	OffsetsMS []uint32 `json:"offsets_ms"` // oldest first
	Ended     int      `json:"ended"`
}

// MarshalJSON returns all that the learner holds: what is read back learns on
// as the original would. At most some 500 KB.
func (l Learner) MarshalJSON() ([]byte, error) {
	state := learnerState{Version: learnerVersion, Retries: make([]learntState, len(l.retries))}
	for i, r := range l.retries {
		oldestFirst := slices.Concat([]uint32{}, r.millis[r.next:], r.millis[:r.next])
		state.Retries[i] = learntState{OffsetsMS: oldestFirst, Ended: r.ended}
	}
	return json.Marshal(state)
}

// UnmarshalJSON replaces all that the learner holds. What [Learner.MarshalJSON]
// never writes is an error, and leaves the learner as it was.
func (l *Learner) UnmarshalJSON(text []byte) error {
	var state learnerState
	if err := json.Unmarshal(text, &state); err != nil {
		return fmt.Errorf("read learnt schedule: %w", err)
	}
	if state.Version != learnerVersion {
		return fmt.Errorf("read learnt schedule: version is %d; wanted %d; without it the schedule is learnt anew",
			state.Version, learnerVersion)
	}
	if n := len(state.Retries); n > highestLearnt-1 {
		return fmt.Errorf("read learnt schedule: retries has %d entries; wanted at most %d", n, highestLearnt-1)
	}
	retries := make([]learnt, len(state.Retries))
	for i, r := range state.Retries {
		if err := r.check(); err != nil {
			return fmt.Errorf("read learnt schedule: retries[%d].%w", i, err)
		}
		retries[i] = learnt{millis: r.OffsetsMS, ended: r.Ended}
	}
	l.retries = retries
	return nil
}

func (r learntState) check() error {
	if n := len(r.OffsetsMS); n > mostSamples {
		return fmt.Errorf("offsets_ms has %d values; wanted at most %d", n, mostSamples)
	}
	for i, ms := range r.OffsetsMS {
		if ms == 0 || time.Duration(ms)*time.Millisecond > longestLearnt {
			return fmt.Errorf("offsets_ms[%d]: %d is outside [1, %d]", i, ms, longestLearnt.Milliseconds())
		}
	}
	if r.Ended < 0 {
		return fmt.Errorf("ended: %d is negative; wanted a count", r.Ended)
	}
	return nil
}
