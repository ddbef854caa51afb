package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// When a lane is told again (DESIGN section 7), and when it is tried again:
// the latter is our own choice.
const (
	resortRepeat = 15 * time.Minute
	resortRetry  = 30 * time.Second
	resortSend   = 30 * time.Second // one attempt, unless the receiver has its own time
)

// message is the fixed notice.
type message struct {
	since      time.Time
	decided    time.Time                 // when the first of what waits to be recorded was decided; zero: nothing waits
	unrecorded func(since time.Time) int // critical conditions that are not recorded
	broken     bool                      // the last write check failed
	gone       bool                      // because files of the store are not where they were
	refused    bool                      // it is the log of attempts that failed, and not the store
	waits      time.Duration             // something waits to be recorded for so long; 0: nothing does
	err        string                    // how
}

// text is what is so, in a line.
func (m message) text() string {
	since := m.since.UTC().Format(time.DateTime + " MST")
	if m.refused {
		what := "the log of attempts cannot be written"
		if m.gone {
			what = "the log of attempts is gone (removed, moved or unmounted)"
		}
		return what + " since " + since + "; attempts are refused (503), and their senders must keep them; probes go on"
	}
	what := "what is decided cannot be recorded"
	switch {
	case m.gone:
		what = "files of the store are gone (removed, moved or unmounted)"
	case m.broken:
		what = "the store cannot be written"
	}
	from := m.since
	if !m.decided.IsZero() && m.decided.Before(from) {
		from = m.decided // and this process stood still
	}
	conditions := "nothing waits to be recorded yet"
	switch n := m.unrecorded(from); {
	case n == 0 && m.waits > 0:
		conditions = "what was decided waits to be recorded, nothing critical among it"
	case n == 1:
		conditions = "1 critical condition is not recorded"
	case n > 1:
		conditions = fmt.Sprintf("%d critical conditions are not recorded", n)
	}
	return fmt.Sprintf("%s since %s; %s; probes go on in memory", what, since, conditions)
}

// title names it, as an incident is named.
func (m message) title() string {
	if m.refused {
		return "hookvigil refuses attempts: it cannot write their log"
	}
	return "hookvigil cannot write its store"
}

// advice is what to do.
func (m message) advice() string {
	switch {
	case m.refused && m.gone:
		return "Put the same files back in data_dir/log (mount, mv), or restart hookvigil: either way attempts are taken again. Until then see that senders keep what is answered 503."
	case m.refused:
		return "Look at df and at the rights of data_dir/log, and at the log. Attempts are taken again by themselves once it can be written; until then see that senders keep what is answered 503."
	case m.gone:
		return "Put data_dir back as it was (mount it, or move it back): hookvigil goes on by itself, and tells what still fails. If it is lost, stop hookvigil in order, not with kill -9: it then leaves a copy of state.db in data_dir, and the next start says what to do with it. Nothing else is told until then."
	default:
		return "Look at df and at who holds state.db in data_dir, and at the log. Nothing else is told until it can be written; then hookvigil goes on by itself, and tells what still fails."
	}
}

// key is the same for all notices of one outage.
func (m message) key() string {
	return fmt.Sprintf("last_resort:%s:%d", selfStore, m.since.UnixMicro())
}

// facts returns what a receiver words. opened is when the receiver was told
// first: what it is told at that moment is no update.
func (m message) facts(opened, now time.Time) alerting.Facts {
	f := selfIncident(m.since).Facts(m.text(), now, "")
	f.Key, f.Evidence, f.Title, f.OpenedAt = m.key(), rules.Evidence{Text: m.err}, m.title(), opened
	f.About.Advice = m.advice()
	return f
}

// notice returns m for one destination.
func (m message) notice(to alerting.Destination, facts alerting.Facts, now time.Time) (alerting.Notice, error) {
	raw, err := json.Marshal(facts)
	if err != nil {
		return alerting.Notice{}, err
	}
	kind, flow := alerting.KindPage, alerting.FlowEvent
	switch to.Form {
	case alerting.FormState:
		kind, flow = alerting.KindState, alerting.FlowState
	case alerting.FormHook:
		kind = alerting.KindHook
	case alerting.FormMail, alerting.FormThread, alerting.FormMerchant: // a message of its own
	}
	return alerting.Notice{
		ID: uuid.NewString(), IdemKey: m.key(), Lane: to.Lane, Recipient: to.Recipient, Subject: m.key(), Version: 1,
		Kind: kind, Flow: flow, Severity: rules.Critical, Facts: raw, Created: now, Due: now,
	}, nil
}

// messenger sends the fixed notice past the outbox, to each lane at most every
// 15 minutes, also over several outages; what fails is tried again after 30 s
// with the same key. What it knows is in memory alone. It is safe for
// concurrent use.
type messenger struct {
	to    func(now time.Time) []alerting.Destination
	port  func(lane string) (alerting.Port, bool)
	count func() // one that a receiver took
	log   *slog.Logger

	mu      sync.Mutex
	lanes   map[string]*toldLane
	sending int               // guarded by mu, as all here
	closing []alerting.Notice // that end what pagers keep of an outage that is over
}

// toldLane is what is known of one lane.
type toldLane struct {
	to     alerting.Destination
	key    string       // of the outage that what follows is about
	tries  int          // since it took the last one
	ref    alerting.Ref // what the last one left behind
	told   time.Time    // when it took the last one; zero: not in this outage
	opened time.Time    // the first that it took, or the try under way, in this outage
	next   time.Time    // not before
	busy   bool
	class  string // why the last try failed; empty: it did not
	last   alerting.Facts
}

// tell sends m to whom it is due, beside the caller.
func (s *messenger) tell(ctx context.Context, beside *sync.WaitGroup, m message, now time.Time) {
	list := s.to(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lanes == nil {
		s.lanes = map[string]*toldLane{}
	}
	for _, to := range list {
		lane := s.laneLocked(to, m)
		if lane.busy || now.Before(lane.next) || s.sending >= resortAtOnce {
			continue
		}
		if lane.told.IsZero() {
			lane.opened = now
		}
		facts := m.facts(lane.opened, now)
		n, err := m.notice(to, facts, now)
		if err != nil {
			continue // a year beyond 9999
		}
		lane.tries++
		n.Attempts = lane.tries
		lane.busy, lane.last = true, facts
		s.sending++
		beside.Go(func() { s.send(ctx, lane, n) })
	}
}

// laneLocked returns what is known of a lane in this outage.
func (s *messenger) laneLocked(to alerting.Destination, m message) *toldLane {
	lane := s.lanes[to.Lane]
	if lane == nil {
		lane = &toldLane{}
		s.lanes[to.Lane] = lane
	}
	if lane.key != m.key() && !lane.busy {
		*lane = toldLane{key: m.key(), next: lane.next}
	}
	lane.to = to
	return lane
}

// send makes one attempt.
func (s *messenger) send(ctx context.Context, lane *toldLane, n alerting.Notice) {
	s.mu.Lock()
	prev := lane.ref
	s.mu.Unlock()
	ref, err := s.attempt(ctx, n, prev)
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sending--
	lane.busy = false
	if err == nil {
		lane.told, lane.next, lane.tries, lane.ref, lane.class = now, now.Add(resortRepeat), 0, ref, ""
		s.count()
		s.log.Warn("told past the outbox that the store cannot be written", "lane", n.Lane)
		return
	}
	lane.class, lane.next = string(err.Class), now.Add(waitAfter(err))
	if ctx.Err() == nil {
		s.log.Error("not told past the outbox that the store cannot be written", "lane", n.Lane, "class", string(err.Class), "error", err.Err)
	}
}

// waitAfter is how long a lane rests after a failure. What a person has to mend
// is not tried each minute.
func waitAfter(e *alerting.SendError) time.Duration {
	switch e.Class {
	case alerting.ClassAuth, alerting.ClassDestination, alerting.ClassMessage:
		return resortRepeat
	case alerting.ClassTransient, alerting.ClassLimited, alerting.ClassAmbiguous, alerting.ClassWithheld:
	}
	return min(max(resortRetry, e.RetryAfter), resortRepeat)
}

// attempt sends within the receiver's time. A receiver that panics has failed
// like any other.
func (s *messenger) attempt(ctx context.Context, n alerting.Notice, prev alerting.Ref) (ref alerting.Ref, failed *alerting.SendError) {
	defer func() {
		if recover() != nil {
			ref, failed = alerting.Ref{}, &alerting.SendError{Class: alerting.ClassTransient, Err: errors.New("the receiver panicked")}
		}
	}()
	port, ok := s.port(n.Lane)
	if !ok {
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassDestination, Err: errors.New("the receiver is not configured")}
	}
	within := resortSend
	if port.Timeout > 0 {
		within = port.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	ref, err := port.Receiver.Send(ctx, n, prev)
	if err == nil {
		return ref, nil
	}
	if e, ok := errors.AsType[*alerting.SendError](err); ok && e != nil && e.Class != "" {
		return alerting.Ref{}, e
	}
	return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassAmbiguous, Err: errors.New("the receiver gave no reason")}
}

// over notes the end of the outage: what pagers and the like keep of it has to
// be closed. People are not told: the ordinary incidents that follow do that.
func (s *messenger) over() {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.lanes)) {
		lane := s.lanes[name]
		if lane.to.Form != alerting.FormState || lane.tries == 0 && lane.told.IsZero() {
			continue
		}
		f := lane.last
		f.State, f.ResolvedAt, f.At, f.Happened = alerting.StateResolved, now, now, "it is written again"
		raw, err := json.Marshal(f)
		if err != nil {
			continue // a year beyond 9999
		}
		s.closing = append(s.closing, alerting.Notice{
			IdemKey: lane.key + ":over:" + name, Lane: name, Recipient: lane.to.Recipient, Subject: lane.key, Version: 2,
			Kind: alerting.KindState, Flow: alerting.FlowState, Severity: rules.Critical, Facts: raw, Created: now, Due: now,
		})
	}
	for _, lane := range s.lanes {
		lane.told, lane.tries = time.Time{}, 0
	}
}

// owed returns what has to be enqueued, once nothing is on the wire that it
// could overtake; paid takes what was.
func (s *messenger) owed() []alerting.Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sending > 0 {
		return nil
	}
	return slices.Clone(s.closing)
}

func (s *messenger) paid(list []alerting.Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = slices.DeleteFunc(s.closing, func(n alerting.Notice) bool {
		return slices.ContainsFunc(list, func(p alerting.Notice) bool { return p.IdemKey == n.IdemKey })
	})
}

// said says which receivers were told of the outage, and which were not.
func (s *messenger) said(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	told, failed, rests := map[string]time.Time{}, map[string]string{}, map[string]time.Time{}
	for name, lane := range s.lanes {
		switch receiver := alerting.ReceiverOf(name); {
		case !lane.told.IsZero():
			told[receiver] = latest(told[receiver], lane.told)
		case lane.class != "":
			failed[receiver] = lane.class
		case now.Before(lane.next):
			rests[receiver] = latest(rests[receiver], lane.next)
		}
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(told)) {
		parts = append(parts, fmt.Sprintf("%s was told past the outbox at %s", name, told[name].UTC().Format(time.TimeOnly+" MST")))
	}
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		parts = append(parts, fmt.Sprintf("%s could not be told (%s), and is tried again", name, failed[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(rests)) {
		parts = append(parts, fmt.Sprintf("%s was told of the last time lately, and is told again at %s", name, rests[name].UTC().Format(time.TimeOnly+" MST")))
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, "; ")
	case len(s.to(now)) == 0:
		return "nobody is told: no route leads a critical incident of hookvigil itself to a receiver"
	default:
		return "it is being told past the outbox"
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
