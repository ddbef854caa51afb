package alerting

import (
	"fmt"
	"time"
)

// hush says whether an incident is to be quiet: while a silence or a
// maintenance covers each of its conditions. One that is quiet from the start
// is recorded and told to nobody; what is bad still when the quiet is over is
// told with its true start, once: the end is told in the transaction that
// forgets the quiet, so that no crash loses or repeats it. A quiet that ends
// while nothing fails is kept in mind, without an end, until something does.
func (t *turn) hush(in *Incident) {
	if t.quiet == nil {
		return // a person's command: the next turn looks
	}
	was := in.Story.Hush
	now, _ := t.quiet.Incident(*in, t.now)
	if now.ID == "" && t.open[in.ID] == 0 {
		now, now.Until = was, time.Time{} // it is told when it fails again, and not when it is over
	}
	in.Story.Hush = now
	switch {
	case now.ID == was.ID && now.Until.Equal(was.Until), now.Until.IsZero() && t.open[in.ID] == 0:
	case now.ID != "":
		t.happened(in, EntrySilenced, now.said(), tellThread)
	default:
		t.ladder(in)
		in.Story.MerchantsAt = time.Time{}
		t.happened(in, EntryUnsilenced, fmt.Sprintf("%s is over: it fails since %s", was.name(), utc(in.StartedAt)), tellAll)
	}
}

// name is what a hush is called.
func (h Hush) name() string {
	if h.Kind == HushMaintenance {
		return "the maintenance of " + h.By
	}
	return "the silence of " + h.By
}

// said is the line that says who keeps an incident quiet.
func (h Hush) said() string {
	word := "silenced"
	if h.Kind == HushMaintenance {
		word = "in maintenance"
	}
	return phrase(fmt.Sprintf("%s until %s by %s", word, utc(h.Until), h.By), h.Reason)
}

// Quieter is what may keep conditions quiet. [Quiet] is one.
type Quieter interface {
	Incident(in Incident, now time.Time) (Hush, bool)
}
