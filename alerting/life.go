package alerting

import (
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Level is how much of a part of the traffic fails now.
type Level struct {
	Evidence rules.Evidence // of the last window: numerator, denominator, interval
	Below    bool           // under the ratio from which its condition clears
}

// A first fix is a fall to half of what failed for certain (reference
// alerting.md section 3); it is undone by a rise over three quarters of it.
const (
	fixedUnder = 0.5
	worseOver  = 0.75
)

// look brings a live incident up to the present: what the figures, the clock
// and the silences say of it. It comes after the changes of the turn.
func (t *turn) look(in *Incident) {
	t.unjump(in)
	if in.Live() {
		t.leadLate(in)
		t.measure(in)
		t.expire(in)
		t.flap(in)
		t.hush(in)
		t.place(in)
	}
	if in.Live() {
		t.climb(in)
		t.refresh(in)
		t.hearMerchants(in)
	}
	in.NextAt = t.nextLook(in)
}

// unjump brings back what lies ahead of now: the clock was set back, and nothing
// must wait for it to come there again.
func (t *turn) unjump(in *Incident) {
	back := func(at *time.Time, most time.Duration) {
		if at.Sub(t.now) > most {
			*at = t.now.Add(most)
		}
	}
	back(&in.RecoveringAt, 0)
	back(&in.ResolvedAt, 0)
	back(&in.Story.Ladder, 0)
	back(&in.Story.Refreshed, 0)
	back(&in.Story.FlappingSince, 0)
	for i := range in.Story.Turns {
		back(&in.Story.Turns[i], 0)
	}
	if !in.AckUntil.IsZero() {
		back(&in.AckUntil, t.desk.Ladder.AckFor)
	}
}

// measure takes the share of what the incident is about that fails now.
func (t *turn) measure(in *Incident) {
	share, sure, known := t.shareOf(in)
	if !known {
		return
	}
	in.ShareNow = share
	if share > in.SharePeak && percent(share) != percent(in.SharePeak) { // nobody reads that more fails now than at worst
		in.SharePeak = share
	}
	if sure > in.ShareSure*1.05 || in.ShareSure == 0 {
		in.ShareSure = sure
	}
}

// shareOf returns the share, and what of it is certain: of the traffic for a
// ratio, of its endpoints when it has several.
func (t *turn) shareOf(in *Incident) (share, sure float64, known bool) {
	if ofTraffic(in.Rule) {
		e := t.levels[in.Scope].Evidence
		if e.Denominator == 0 {
			return 0, 0, false
		}
		return float64(e.Numerator) / float64(e.Denominator), float64(e.Low), true
	}
	ever, now := map[rules.Scope]bool{}, map[rules.Scope]bool{}
	for _, m := range in.Members {
		ever[m.Key.Scope] = true
		if m.Left.IsZero() {
			now[m.Key.Scope] = true
		}
	}
	if len(ever) < 2 {
		return 0, 0, false
	}
	share = float64(len(now)) / float64(len(ever))
	return share, share, true
}

// ofTraffic reports whether a rule is about a failure ratio.
func ofTraffic(rule rules.Rule) bool {
	return rule == rules.RulePlatformErrorRatio || ofRatios(rule)
}

// clearing reports whether all that is still open in an incident is below what
// would clear it.
func (t *turn) clearing(in *Incident) bool {
	seats := t.seatsIn(in)
	return len(seats) > 0 && !slices.ContainsFunc(seats, func(s seat) bool {
		k := in.Members[s.i].Key
		return !ofTraffic(k.Rule) || !t.levels[k.Scope].Below
	})
}

// place puts the incident into the state that follows from what is known, and
// says so when it changes.
func (t *turn) place(in *Incident) {
	if t.open[in.ID] == 0 && t.settled(in) {
		in.State, in.ResolvedAt = StateResolved, t.now
		t.happened(in, EntryResolved, in.recovered(t.now), tellAll)
		return
	}
	t.fix(in)
	before := in.State
	switch {
	case t.open[in.ID] == 0 || t.clearing(in):
		in.State = StateRecovering
	case in.Story.Mitigated:
		in.State = StateMitigated
	case in.answered(t.now):
		in.State = StateAcknowledged
	default:
		in.State = StateOpen
	}
	switch {
	case in.State == before:
	case in.State == StateRecovering:
		t.recovering(in)
	case before == StateRecovering:
		t.resume(in)
		t.happened(in, EntryRelapsed, "not over yet: it fails again", tellRoot)
	}
}

// recovering notes since when nothing fails.
func (t *turn) recovering(in *Incident) {
	if in.RecoveringAt.IsZero() {
		in.RecoveringAt = t.now
	}
	text := "below what would clear it; over when it stays so"
	if t.open[in.ID] == 0 {
		text = "nothing fails any more; over when that stays so until " + in.RecoveringAt.Add(t.stays(in)).UTC().Format("15:04:05") + " UTC"
	}
	t.happened(in, EntryRecovering, text, tellRoot)
}

// fix says when the first fix has worked, and when it is worse again.
func (t *turn) fix(in *Incident) {
	switch {
	case t.open[in.ID] == 0:
	case in.Story.Mitigated && in.MitigatedBy != "" && in.ShareNow <= worseOver*in.ShareSure && in.ShareSure > 0:
	case in.Story.Mitigated && in.MitigatedBy != "" && t.now.Sub(in.MitigatedAt) >= t.desk.Reopen:
		t.happened(in, EntryWorse, fmt.Sprintf("it still fails %s after the first fix of %s", short(t.desk.Reopen), in.MitigatedBy), tellThread)
		in.Story.Mitigated, in.MitigatedBy = false, ""
	case in.Story.Mitigated && in.MitigatedBy != "", in.ShareSure == 0:
	case !in.Story.Mitigated && in.ShareNow <= fixedUnder*in.ShareSure:
		in.Story.Mitigated = true
		at, seen := t.measured(in)
		if in.MitigatedAt.IsZero() {
			in.MitigatedAt = at
		}
		t.happened(in, EntryMitigated, fmt.Sprintf("%s fails now, %s at worst: %s of what failed is well again%s",
			percent(in.ShareNow), percent(in.SharePeak), percent(1-in.ShareNow/in.SharePeak), seen), tellThread)
		t.entries[len(t.entries)-1].At = at
	case in.Story.Mitigated && in.ShareNow > worseOver*in.ShareSure:
		in.Story.Mitigated = false
		t.happened(in, EntryWorse, fmt.Sprintf("worse again: %s fails", percent(in.ShareNow)), tellThread)
	}
}

// measured returns the time of the figures of an incident: the end of the tick
// by which they are as they are, and when it was seen, for people. A tick closes a
// minute after its end. What is no count of traffic is of now.
func (t *turn) measured(in *Incident) (at time.Time, seen string) {
	to := t.levels[in.Scope].Evidence.To
	if !ofTraffic(in.Rule) || to.Before(in.OpenedAt) || !to.Before(t.now) {
		return t.now, ""
	}
	return to, seenAt + t.now.UTC().Format("15:04:05") + " UTC"
}

// settled reports whether nothing has failed for long enough.
func (t *turn) settled(in *Incident) bool {
	if t.absent && t.stays(in) > 0 {
		return false
	}
	return in.Story.FlappingSince.IsZero() && !in.RecoveringAt.IsZero() && t.now.Sub(in.RecoveringAt) >= t.stays(in)
}

// stays is how long nothing must fail before an incident is over. What has a
// hysteresis of its own, as ratios have, needs no other.
func (t *turn) stays(in *Incident) time.Duration {
	if !in.Story.FlappingSince.IsZero() {
		return t.desk.Flap.Stable
	}
	if !t.ended[in.ID] && slices.ContainsFunc(in.Members, func(m Membership) bool { return m.Key.Rule == rules.RuleEndpointDown }) {
		return t.desk.Settle
	}
	return 0
}

// answered reports whether somebody has taken it on.
func (in Incident) answered(now time.Time) bool {
	return !in.AcknowledgedAt.IsZero() && (in.AckUntil.IsZero() || now.Before(in.AckUntil))
}

// expire ends an acknowledgement that nothing came of.
func (t *turn) expire(in *Incident) {
	if in.AcknowledgedAt.IsZero() || in.answered(t.now) {
		return
	}
	who := in.AcknowledgedBy
	in.AcknowledgedAt, in.AcknowledgedBy, in.AckUntil = time.Time{}, "", time.Time{}
	if t.open[in.ID] == 0 || t.clearing(in) {
		t.ladder(in)
		return // it is as good as over
	}
	if in.MitigatedBy != "" {
		in.Story.Mitigated, in.MitigatedBy = false, "" // what a person said holds as long as they have it
	}
	t.ladder(in)
	t.happened(in, EntryExpired, fmt.Sprintf("%s acknowledged it %s ago, and it still fails: it is open again", who, short(t.desk.Ladder.AckFor)), tellAll)
}

// percent writes a share for people.
func percent(share float64) string { return rules.Ratio(share).Short() }
