package digest

import (
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// riskAhead is how far ahead a loss is told that comes after the next digest.
const riskAhead = day

// stake is what the loss clock asks of the merchant. An event that waits is no
// news where the endpoint works: it is sent again by itself, and whoever is
// told of each stops reading. A last try is news, since nothing comes after it:
//
//   - Act: one comes before the next digest, and the endpoint does not work.
//   - Attention: one comes within a day, and the endpoint does not work; or it
//     works, and one comes before the next digest or the one after that, of
//     events that failed in more than an ordinary way: the endpoint had trouble
//     in the window, or more than half of the time for tries has passed in vain.
//   - OK: all else. The entry of the endpoint has a line of it.
//
// In the mode "problems" OK is not sent, and such a line not read: there a last
// try before the next digest is told, however fresh. Events that are lost are
// not at stake any more; see troubled.
func (f Facts) stake(e Endpoint) Verdict {
	b := e.Backlog
	if b == nil || b.LossEvents <= 0 || b.LossAt.IsZero() {
		return OK
	}
	soon, next := b.LossAt.Sub(f.AsOf()) <= riskAhead, f.losing(b) > 0
	switch {
	case !f.works(e) && next:
		return Act
	case !f.works(e) && soon:
		return Attention
	case !f.works(e), !e.failing() && !e.shaky() && f.fresh(b) && (!next || f.Footer.Mode != ModeProblems):
		return OK
	case next, soon && b.LossAt.Before(f.next().Add(f.every())):
		return Attention
	default:
		return OK
	}
}

// works reports whether an endpoint takes webhooks now: what failed is over, or
// it is well and what failed may be chance. What nobody knows does not work.
func (f Facts) works(e Endpoint) bool {
	if _, over := e.over(f.Window); over {
		return true
	}
	well := e.State == rules.StateHealthy || e.State == rules.StateRecovering
	return well && !e.failing() && e.Certificate.need(f.AsOf()) != Act
}

// fresh reports whether events that wait have at least half of their time for
// tries before them. The oldest of all may be another than the first that is
// lost: then they count as less fresh than they are, never as more. Without
// that date, or without all events, nothing is fresh.
func (f Facts) fresh(b *Backlog) bool {
	if b.Oldest.IsZero() || b.LowerBound {
		return false
	}
	return f.AsOf().Sub(b.Oldest) <= b.LossAt.Sub(f.AsOf())
}

// lost reports whether events had their last automatic try in vain.
func (b *Backlog) lost() bool { return b != nil && b.Lost > 0 }

// losses is what there is to do about the backlog of one endpoint.
func (f Facts) losses(e Endpoint, add func(Verdict, Action)) {
	b := e.Backlog
	if loss, known := f.loss(b); known && f.stake(e) != OK {
		a := Action{Word: AdviseAtRisk, At: b.LossAt, Loss: loss}
		if f.works(e) {
			a.Word = AdviseLastTry
		}
		add(f.stake(e), a)
	}
	if b.lost() {
		add(Attention, Action{Word: AdviseLost, Loss: Loss{Events: b.Lost, LowerBound: b.LowerBound}})
	}
}

// loser sums up what all endpoints lose before the next digest, as far as it is
// at stake.
type loser struct {
	events int
	from   time.Time
	least  bool // events is a lower bound
	broken bool // one of the endpoints does not work now
}

func (f Facts) loser() loser {
	var all loser
	for _, e := range f.Endpoints {
		n := f.losing(e.Backlog)
		if n == 0 || f.stake(e) == OK {
			continue
		}
		if all.events == 0 || e.Backlog.LossAt.Before(all.from) {
			all.from = e.Backlog.LossAt
		}
		all.events += n
		all.least = all.least || e.Backlog.LowerBound
		all.broken = all.broken || !f.works(e)
	}
	if all.events > 0 && all.from.Before(f.AsOf()) {
		all.from = f.AsOf() // overdue by the sender's tolerance
	}
	return all
}
