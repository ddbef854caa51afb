package digest

import (
	"fmt"
	"strings"
	"time"
)

// backlog words the loss clock of one endpoint: what waits, what will be lost,
// what is lost, and what the sender owes.
func (v voice) backlog(f Facts, b *Backlog) []row {
	if b == nil {
		return nil
	}
	var rows []row
	now := f.AsOf()
	if b.Undelivered > 0 {
		rows = append(rows, row{v.Waiting, v.waiting(b, now)})
	}
	if loss, known := f.loss(b); known {
		s := v.loss(loss, b.LossAt, now)
		if b.AtRisk24h > loss.Events && b.LossAt.After(now) {
			s += " " + fmt.Sprintf(v.LossIn24, v.events(b.AtRisk24h, b.LowerBound))
		}
		rows = append(rows, row{"", s})
	}
	if b.Lost > 0 {
		rows = append(rows, row{"", v.lost(b.Lost, b.LowerBound)})
	}
	if b.MissingRetries > 0 {
		rows = append(rows, row{"", sentence(fmt.Sprintf(form(v.RetriesOverdue, b.MissingRetries), v.atLeast(b.MissingRetries, b.LowerBound)))})
	}
	return rows
}

// waiting is what waits, and for what.
func (v voice) waiting(b *Backlog, now time.Time) string {
	s := v.events(b.Undelivered, b.LowerBound)
	if !b.Oldest.IsZero() {
		s = fmt.Sprintf(form(v.WaitingSince, b.Undelivered), s, v.clock(b.Oldest, now))
	}
	switch {
	case b.NextRetryAt.IsZero():
	case b.NextRetryAt.After(now):
		s += "; " + fmt.Sprintf(v.NextTry, v.clock(b.NextRetryAt, now))
	default:
		s += "; " + fmt.Sprintf(v.NextTryLate, v.clock(b.NextRetryAt, now))
	}
	if b.RecoveryMax > 0 && b.Undelivered > 1 {
		s += ", " + fmt.Sprintf(v.LongestWait, v.length(b.RecoveryMax))
	}
	return s
}

// loss says when events get their last automatic try, or should have got it.
func (v voice) loss(l Loss, at, now time.Time) string {
	if l.Events <= 0 {
		return ""
	}
	words, digests := v.LossIs, v.BeforeNext
	if l.DigestsLeft > 0 {
		digests = fmt.Sprintf(form(v.MoreDigests, l.DigestsLeft), l.DigestsLeft)
	}
	if !at.After(now) {
		words = v.LossLate
	}
	when := v.LossOn
	if l.From {
		when = v.LossFrom
	}
	return sentence(strings.NewReplacer(
		"{events}", v.events(l.Events, l.LowerBound), "{when}", fmt.Sprintf(when, v.near(at, now)), "{digests}", digests,
	).Replace(form(words, l.Events)))
}

// lost says that it is too late.
func (v voice) lost(n int, bound bool) string {
	return sentence(fmt.Sprintf(form(v.LostAre, n), v.events(n, bound)))
}

// willLose is the loss in a headline. Where the endpoint works, the last try
// will do.
func (v voice) willLose(l loser, now time.Time) string {
	words := v.LastTry
	if l.broken {
		words = v.WillLose
	}
	return fmt.Sprintf(form(words, l.events), v.events(l.events, l.least), v.clock(l.from, now))
}

// backlogTotals is the backlog of the platform in one line; empty for none.
func (v voice) backlogTotals(b *Backlog, now time.Time) string {
	if b == nil {
		return ""
	}
	var counts []string
	for _, n := range []int{b.Undelivered, b.AtRisk24h, b.Lost} {
		s := ""
		if n > 0 {
			s = v.atLeast(n, b.LowerBound)
		}
		counts = append(counts, s)
	}
	risk := nonzero(v.BacklogIs[1:2], counts[1])
	switch {
	case risk == "" || b.LossAt.IsZero():
	case b.LossAt.After(now):
		risk += " (" + fmt.Sprintf(v.LossFirst, v.near(b.LossAt, now)) + ")"
	default:
		risk += " (" + fmt.Sprintf(v.LossFirstLate, v.near(b.LossAt, now)) + ")"
	}
	return joined(nonzero(v.BacklogIs[:1], counts[0]), risk, nonzero(v.BacklogIs[2:], counts[2]))
}
