package digest

import (
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// headline is the state of all endpoints in a few words: counts, no names. What
// will be lost comes first.
func (v voice) headline(f Facts) string {
	if f.Kind == KindPlatform {
		return v.platformHeadline(f)
	}
	all := len(f.Endpoints)
	n := f.tally()
	some := func(s forms, n int) string { return fmt.Sprintf(form(s, all), n, all) }
	switch loss := f.loser(); {
	case all == 0:
		return v.NoEndpoints
	case loss.events > 0 && n.failing > 0:
		return v.willLose(loss, f.AsOf()) + "; " + some(v.SomeFailing, n.failing)
	case loss.events > 0 && n.act > 0 && !loss.broken:
		return v.willLose(loss, f.AsOf()) + "; " + some(v.SomeAct, n.act)
	case loss.events > 0:
		return v.willLose(loss, f.AsOf())
	case n.act > 0 && n.failing == n.act:
		return some(v.SomeFailing, n.act)
	case n.act > 0:
		return some(v.SomeAct, n.act)
	case n.look > 0:
		return some(v.SomeLook, n.look+n.passed+n.unseen+n.thin)
	case n.passed > 0 && (n.unseen+n.thin > 0 || f.Verdict == Act): // judged by an older hookvigil
		return some(v.SomeLook, n.passed+n.unseen+n.thin)
	case n.passed > 0:
		return some(v.SomePassed, n.passed)
	case n.unseen > 0:
		return some(v.SomeUnseen, n.unseen)
	case n.thin > 0 && f.Verdict != OK:
		return v.thinHeadline(f, n.thin)
	case f.Verdict != OK && f.early():
		return fmt.Sprintf(v.Early, v.length(f.elapsed()))
	case f.Verdict != OK && len(f.Incidents) > 0:
		return fmt.Sprintf(v.HadIncidents, len(f.Incidents))
	case n.planned > 0:
		return some(v.SomePlanned, n.planned)
	default:
		return fmt.Sprintf(form(v.AllHealthy, all), all)
	}
}

// worstRatio is the highest ratio of an endpoint that is over the limit, with
// it; empty: none is.
func (v voice) worstRatio(f Facts) string {
	var worst rules.Ratio
	for _, e := range f.Endpoints {
		if ratio, _ := e.First.Ratio(); overLimit(e.First) {
			worst = max(worst, ratio)
		}
	}
	if worst == 0 || f.Kind == KindPlatform {
		return ""
	}
	return fmt.Sprintf(form(v.WorstRatio, len(f.Endpoints)), v.ratio(worst), v.ratio(limitRatio))
}

// thinHeadline says of how little time there is data.
func (v voice) thinHeadline(f Facts, n int) string {
	if all := len(f.Endpoints); n < all {
		return fmt.Sprintf(form(v.SomeThin, all), n, all)
	}
	var covered time.Duration
	for _, e := range f.Endpoints {
		covered = max(covered, e.Covered)
	}
	return fmt.Sprintf(v.Thin, v.length(covered), v.length(f.elapsed()))
}

// tally counts endpoints by what they ask for.
type tally struct {
	act     int // all that need action,
	failing int // and those of them that fail now
	look    int
	passed  int // had failures, which are over
	unseen  int
	thin    int // little is known of them, and nothing bad
	planned int // not well now, or not known, because of planned work
}

func (f Facts) tally() tally {
	var n tally
	for _, e := range f.Endpoints {
		_, over := e.over(f.Window)
		switch need := f.need(e); {
		case need == Act && e.failing() && !over:
			n.act, n.failing = n.act+1, n.failing+1
		case need == Act:
			n.act++
		case need == OK && (f.planned(e) || e.InMaintenance && e.State != rules.StateHealthy):
			n.planned++
		case need == Attention && e.unseen():
			n.unseen++
		case need == Attention && e.passed(f.Window):
			n.passed++
		case need == Attention && !f.troubled(e):
			n.thin++
		case need == Attention:
			n.look++
		}
	}
	return n
}
