package alerting

import (
	"fmt"
	"slices"
	"time"
)

// Flapping says when an incident that comes and goes is told less (reference
// alerting.md section 3: 4 transitions in 30 min, silence until 30 min stable).
// Its Turns under 2 mean never.
type Flapping struct {
	Turns  int           // up or down, so often ...
	Within time.Duration // ... within this
	Stable time.Duration // told again once it has been one or the other for so long
}

// mostTurns bounds what is remembered.
const mostTurns = 50

// turned notes that an incident went up or down.
func (t *turn) turned(in *Incident) {
	turns := slices.DeleteFunc(slices.Clone(in.Story.Turns), func(at time.Time) bool { return t.now.Sub(at) > t.desk.Flap.Within })
	turns = append(turns, t.now)
	in.Story.Turns = turns[max(0, len(turns)-mostTurns):]
}

// flap says when an incident begins to come and go, and when it has stopped.
func (t *turn) flap(in *Incident) {
	f, turns := t.desk.Flap, in.Story.Turns
	if len(turns) == 0 || f.Turns < 2 {
		return
	}
	stable := t.now.Sub(turns[len(turns)-1])
	switch {
	case in.Story.FlappingSince.IsZero() && len(turns) >= f.Turns && stable < f.Stable && t.now.Sub(turns[len(turns)-f.Turns]) <= f.Within:
		in.Story.FlappingSince = t.now
		t.happened(in, EntryFlapping, fmt.Sprintf("comes and goes: %d times since %s UTC; told again once it has been stable for %s",
			len(turns), turns[0].UTC().Format("15:04"), short(f.Stable)), tellAll)
	case !in.Story.FlappingSince.IsZero() && stable >= f.Stable:
		in.Story.FlappingSince, in.Story.Turns = time.Time{}, nil
		if t.open[in.ID] == 0 {
			return // that it is over says it
		}
		t.ladder(in)
		t.happened(in, EntryStable, fmt.Sprintf("no longer comes and goes: it fails since %s UTC", turns[len(turns)-1].UTC().Format("15:04")), tellAll)
	}
}

// muted reports whether a line is only written down: while an incident comes
// and goes, nobody hears of each time.
func (t *turn) muted(in *Incident, kind EntryKind) bool {
	return !in.Story.FlappingSince.IsZero() && t.actor == "" && kind != EntryFlapping && kind != EntryLouder
}
