package alerting

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// freshFor is how long evidence is as good as new: probes and windows come once
// a minute.
const freshFor = 2 * time.Minute

// tell returns what a notice of now tells about an incident: its facts, what is
// known around it, and the evidence as it is today.
func (t *turn) tell(in *Incident, happened string, at time.Time) Facts {
	f := in.Facts(happened, at, t.desk.BaseURL)
	f.Doubt, f.About = t.doubt, t.about(*in, false).ofService(*in).because(*in)
	if in.Live() {
		f.Evidence = t.evidenceNow(in, f.About)
	} else {
		f.Evidence.Text = asItWas(in.Evidence.Text, cmp.Or(in.Evidence.To, in.OpenedAt))
	}
	return f
}

// evidenceNow is why an incident fails, as it is now. What opened it is as good
// in that very turn; later it is what was seen then, and says so when nothing
// newer is known.
func (t *turn) evidenceNow(in *Incident, a About) rules.Evidence {
	e := in.Evidence
	if t.justSeen(in) {
		return e
	}
	switch {
	case in.Rule == RuleCommonCause:
		e.Text = phrase(in.countNow(), e.Text)
		return e
	case ofTraffic(in.Rule):
		if now := t.levels[in.Scope].Evidence; now.Denominator > 0 && now.To.After(e.To) {
			return in.levelNow(now)
		}
	case a.Now != "":
		e.Text = a.Now
		e.From, e.To, e.Numerator, e.Denominator = time.Time{}, time.Time{}, 0, 0 // those of the opening
		return e
	}
	if seen := cmp.Or(e.To, in.OpenedAt); t.now.Sub(seen) > freshFor {
		e.Text = asItWas(e.Text, seen)
	}
	return e
}

// asItWas says of an evidence when it was seen, and leaves out how long ago
// something was then: "expired 2026-11-21 12:49 UTC, 60m ago".
func asItWas(text string, seen time.Time) string {
	if text == "" || seen.IsZero() {
		return text
	}
	parts := slices.DeleteFunc(strings.Split(text, ", "), func(part string) bool {
		return len(part) < len("1000d ago ") && strings.HasSuffix(part, " ago") && part[0] >= '0' && part[0] <= '9'
	})
	return strings.Join(parts, ", ") + " (as it was at " + clock(seen) + ")"
}

// justSeen reports whether the evidence of an incident is of this turn.
func (t *turn) justSeen(in *Incident) bool {
	return slices.ContainsFunc(t.lines[in.ID], func(l line) bool {
		k := t.entries[l.entry].Kind
		return k == EntryOpened || k == EntryReopened || k == EntryLouder
	})
}

// countNow is how many endpoints of a common cause fail now.
func (in Incident) countNow() string {
	now, ever := map[rules.Scope]bool{}, map[rules.Scope]bool{}
	for _, m := range in.Members {
		ever[m.Key.Scope] = true
		if m.Left.IsZero() {
			now[m.Key.Scope] = true
		}
	}
	if len(now) == len(ever) {
		return fmt.Sprintf("%d %s now, since %s", len(now), oneOrMany(len(now), "endpoint fails", "endpoints fail"), clock(in.StartedAt))
	}
	return fmt.Sprintf("%d of %d endpoints %s now, since %s", len(now), len(ever), oneOrMany(len(now), "fails", "fail"), clock(in.StartedAt))
}

// levelNow is the evidence of a ratio with the counts of its last window.
func (in Incident) levelNow(now rules.Evidence) rules.Evidence {
	was := in.Evidence
	now.Text = fmt.Sprintf("%s of %s first attempts failed (%s) in the last %s, to %s; ordinarily %s; failures are up since %s",
		grouped(now.Numerator), grouped(now.Denominator), percent(float64(now.Numerator)/float64(now.Denominator)),
		short(now.To.Sub(now.From)), clock(now.To), now.Baseline.Short(), clock(in.StartedAt))
	now.Clears, now.Where, now.How = was.Clears, was.Where, was.How
	if now.Threshold == 0 {
		now.Threshold = was.Threshold
	}
	return now
}

func oneOrMany(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// grouped writes a count for people: 1,204.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
