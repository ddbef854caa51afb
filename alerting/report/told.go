package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// mostAddresses bounds the addresses of one receiver that are named.
const mostAddresses = 5

// listener is a receiver, and how it heard of an incident.
type listener struct {
	receiver  string
	merchants bool            // its mails to merchants
	addresses map[string]bool // without the receiver's name
	sent      int
	first     time.Time // zero: nothing has reached it
	last      alerting.OutboxRow
	stuck     []alerting.OutboxRow // what waits or is dead, the newest last
}

// told says who heard of it, a line for each receiver: when first, how often,
// and how the last of it ended. What did not arrive says so.
func (w *writer) told() {
	if w.Notices == nil {
		return
	}
	w.line("\n## Who was told\n")
	if len(w.Notices) == 0 {
		w.line("Nobody: there is no notice about it.")
		return
	}
	w.line("| Who | First told | After detection | Messages | Last outcome |")
	w.line("|---|---|---|---:|---|")
	for _, l := range w.listeners() {
		first, delay := "never", ""
		if !l.first.IsZero() {
			first = w.when(l.first)
			delay = strings.TrimPrefix(after(l.first, "", w.Incident.DetectedAt), ", ")
		}
		w.line("| %s | %s | %s | %d | %s |", l.name(), first, strings.TrimSpace(delay), l.sent, w.outcome(l))
	}
}

// listeners returns the receivers: those that were told in the order in which
// they were, then those that were not.
func (w *writer) listeners() []*listener {
	rows := slices.SortedStableFunc(slices.Values(w.Notices), func(a, b alerting.OutboxRow) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	all := map[string]*listener{}
	for _, n := range rows {
		receiver, address, _ := strings.Cut(n.Lane, "/")
		merchants := n.Kind == alerting.KindMerchant
		key := fmt.Sprintf("%t/%s", merchants, receiver)
		if all[key] == nil {
			all[key] = &listener{receiver: receiver, merchants: merchants, addresses: map[string]bool{}}
		}
		all[key].hears(n, address)
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *listener) int {
		if a.first.IsZero() != b.first.IsZero() {
			return map[bool]int{true: 1, false: -1}[a.first.IsZero()]
		}
		return cmp.Or(a.first.Compare(b.first), cmp.Compare(a.receiver, b.receiver), cmp.Compare(len(a.addresses), len(b.addresses)))
	})
}

func (l *listener) hears(n alerting.OutboxRow, address string) {
	l.addresses[address] = true
	switch n.State {
	case string(alerting.ResultSent):
		l.sent++
		if l.first.IsZero() || n.Finished.Before(l.first) {
			l.first = n.Finished
		}
	case string(alerting.ResultWaiting), string(alerting.ResultDead), string(alerting.ResultSending):
		l.stuck = append(l.stuck, n)
		return
	case string(alerting.ResultHeld):
		return // a newer one told it
	}
	if !n.Finished.Before(l.last.Finished) {
		l.last = n
	}
}

// name is the receiver and where it leads.
func (l *listener) name() string {
	if l.merchants {
		return fmt.Sprintf("merchants, through %s (%s)", Plain(l.receiver), plural(len(l.addresses), "address"))
	}
	list := slices.Sorted(maps.Keys(l.addresses))
	said := strings.Join(list[:min(len(list), mostAddresses)], ", ")
	if more := len(list) - mostAddresses; more > 0 {
		said += fmt.Sprintf(" and %d more", more)
	}
	return Plain(l.receiver + " (" + said + ")")
}

// outcome is how the last notice ended, and what has not arrived.
func (w *writer) outcome(l *listener) string {
	var parts []string
	if n := l.last; n.State != "" {
		said := fmt.Sprintf("%s %s", Plain(n.State), w.when(n.Finished))
		if of := what(n.Kind); of != "" {
			said += " (" + of + ")"
		}
		if n.State != string(alerting.ResultSent) && n.Reason != "" {
			said += ": " + Plain(n.Reason)
		}
		parts = append(parts, said)
	}
	if len(l.stuck) > 0 {
		parts = append(parts, w.missing(l.stuck))
	}
	if len(parts) == 0 {
		return "replaced by newer ones"
	}
	return strings.Join(parts, "; ")
}

// missing says how many notices have not arrived: what is dead stands for the
// others.
func (w *writer) missing(stuck []alerting.OutboxRow) string {
	worst := stuck[len(stuck)-1]
	for _, n := range stuck {
		if n.State == string(alerting.ResultDead) {
			worst = n
		}
	}
	said := fmt.Sprintf("NOT DELIVERED: %s %s", what(worst.Kind), Plain(worst.State))
	if len(stuck) > 1 {
		said = fmt.Sprintf("NOT DELIVERED: %d of them, a %s %s", len(stuck), what(worst.Kind), Plain(worst.State))
	}
	if !worst.Finished.IsZero() {
		said += " since " + w.when(worst.Finished)
	}
	if worst.Attempts > 0 {
		said += " after " + plural(worst.Attempts, "try")
	}
	if why := cmp.Or(string(worst.Class), worst.Reason); why != "" {
		said += ": " + Plain(why)
	}
	return said
}

// what names a notice for people.
func what(k alerting.Kind) string {
	switch k {
	case alerting.KindRoot, alerting.KindState:
		return "its state"
	case alerting.KindUpdate:
		return "a reply"
	case alerting.KindResolve:
		return "the end"
	case alerting.KindMail, alerting.KindMerchant:
		return "mail"
	case alerting.KindHook:
		return "a call"
	default:
		return Plain(strings.ReplaceAll(string(k), "_", " "))
	}
}
