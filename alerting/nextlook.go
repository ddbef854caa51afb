package alerting

import "time"

// refresh tells the systems that keep a record of the incident that it still
// lives, as often as they want to hear it.
func (t *turn) refresh(in *Incident) {
	if every := t.refreshEvery(in); every > 0 && t.now.Sub(in.Story.Refreshed) >= every {
		in.Story.Refreshed = t.now
		t.refreshed[in.ID] = true
	}
}

// refreshEvery is the shortest that a destination asks for; 0: none does, or
// the incident is quiet.
func (t *turn) refreshEvery(in *Incident) time.Duration {
	every := time.Duration(0)
	if !in.Story.Told {
		return 0
	}
	for _, d := range t.destinations(in) {
		if d.Refresh > 0 && (every == 0 || d.Refresh < every) {
			every = d.Refresh
		}
	}
	return every
}

// nextLook is when the clock alone changes something about an incident; zero:
// never.
func (t *turn) nextLook(in *Incident) time.Time {
	in.Story.AgainAt, in.Story.OverAt = time.Time{}, time.Time{}
	if !in.Live() {
		return time.Time{}
	}
	var next time.Time
	at := func(moment time.Time) {
		if !moment.IsZero() && (next.IsZero() || moment.Before(next)) {
			next = moment
		}
	}
	if in.answered(t.now) {
		at(in.AckUntil)
	}
	if t.open[in.ID] == 0 && !in.RecoveringAt.IsZero() && in.Story.FlappingSince.IsZero() {
		in.Story.OverAt = in.RecoveringAt.Add(t.stays(in))
		at(in.Story.OverAt)
	}
	if turns := in.Story.Turns; !in.Story.FlappingSince.IsZero() && len(turns) > 0 {
		at(turns[len(turns)-1].Add(t.desk.Flap.Stable))
	}
	if in.Story.Hush.ID != "" {
		at(in.Story.Hush.Until)
	}
	in.Story.AgainAt = t.nextRung(in)
	at(in.Story.AgainAt)
	if every := t.refreshEvery(in); every > 0 {
		at(in.Story.Refreshed.Add(every))
	}
	if in.Story.MerchantsAt.After(t.now) {
		at(in.Story.MerchantsAt)
	}
	return next
}
