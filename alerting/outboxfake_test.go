package alerting_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// memory is a Queue that forgets when the test ends. It keeps the promises of
// the interface in the plainest way; internal/store has the real one.
type memory struct {
	mu      sync.Mutex
	rows    []*memoryRow
	lanes   map[string]*laneRow
	threads map[[2]string]alerting.Ref
	refuse  error // what Finish says
	changed chan struct{}
}

type memoryRow struct {
	alerting.Notice
	state, owner string
	fence        int64
	until        time.Time
	class        alerting.Class
	tried        time.Time
}

type laneRow struct {
	failing, paused, stopped time.Time
	storm                    alerting.Storm
}

func newMemory(notices ...alerting.Notice) *memory {
	q := &memory{lanes: map[string]*laneRow{}, threads: map[[2]string]alerting.Ref{}, changed: make(chan struct{}, 1)}
	q.add(notices...)
	return q
}

func (q *memory) add(notices ...alerting.Notice) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.addLocked(notices...)
}

func (q *memory) addLocked(notices ...alerting.Notice) bool {
	added := false
	for _, n := range notices {
		if slices.ContainsFunc(q.rows, func(r *memoryRow) bool { return r.IdemKey == n.IdemKey }) {
			continue
		}
		n.ID = cmp.Or(n.ID, fmt.Sprintf("x%04d", len(q.rows)))
		q.rows = append(q.rows, &memoryRow{Notice: n, state: "waiting"})
		added = true
	}
	slices.SortStableFunc(q.rows, func(a, b *memoryRow) int { return cmp.Compare(a.ID, b.ID) })
	return added
}

func (q *memory) lane(id string) *laneRow {
	if q.lanes[id] == nil {
		q.lanes[id] = &laneRow{}
	}
	return q.lanes[id]
}

func (q *memory) Recover(_ context.Context, r alerting.Recovery) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, n := range q.rows {
		if n.state == "sending" && (!n.until.After(r.Now) || r.Owner != "" && n.owner == r.Owner) {
			n.state, n.class = "waiting", alerting.ClassAmbiguous
		}
	}
	for _, l := range q.lanes {
		if r.Lanes {
			l.stopped = time.Time{}
		}
	}
	if r.Lanes && r.Gone != nil {
		q.endAlarms(r.Gone, true, r.Now)
	}
	return nil
}

// endAlarms ends the alarms that some lanes have stopped.
func (q *memory) endAlarms(of func(lane string) bool, gone bool, now time.Time) {
	for _, n := range slices.Clone(q.rows) {
		lane, ok := alerting.StoppedLane(n.Subject)
		switch {
		case !ok || n.Kind != alerting.KindDead || !of(lane) || gone && of(n.Lane):
		case n.state == "waiting" && n.Attempts == 0:
			n.state = "withheld"
		case n.state == "sent", n.state == "waiting", n.state == "sending":
			q.addLocked(alerting.AlarmOver(n.Notice, gone, now))
		}
	}
}

func (q *memory) Lanes(_ context.Context, now time.Time) (alerting.Work, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	by := map[string]*alerting.LaneState{}
	var w alerting.Work
	next := func(at time.Time) {
		if at.After(now) && (w.Next.IsZero() || at.Before(w.Next)) {
			w.Next = at
		}
	}
	for _, n := range q.rows {
		if n.state != "waiting" && n.state != "sending" {
			continue
		}
		l := by[n.Lane]
		if l == nil {
			r := q.lane(n.Lane)
			l = &alerting.LaneState{Lane: n.Lane, FailingSince: r.failing, PausedUntil: r.paused, StoppedAt: r.stopped}
			by[n.Lane] = l
			next(r.paused)
		}
		if n.Severity == rules.Critical && (!n.Due.After(now) || n.Attempts > 0) {
			l.Critical = true
		}
		if n.state == "sending" {
			next(n.until)
			continue
		}
		next(n.Due)
		if !n.Due.After(now) {
			l.Waiting++
			if l.Oldest.IsZero() || n.Due.Before(l.Oldest) {
				l.Oldest = n.Due
			}
		}
	}
	for _, l := range by {
		w.Lanes = append(w.Lanes, *l)
	}
	slices.SortFunc(w.Lanes, func(a, b alerting.LaneState) int { return cmp.Compare(a.Lane, b.Lane) })
	return w, nil
}

func (q *memory) Claim(_ context.Context, r alerting.ClaimRequest) ([]alerting.Claimed, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lane(r.Lane)
	if !l.stopped.IsZero() || l.paused.After(r.Now) {
		return nil, nil
	}
	q.collapse(r.Lane)
	var best *memoryRow
	for _, n := range q.rows {
		if n.Lane != r.Lane || n.state != "waiting" || n.Due.After(r.Now) || q.blocked(n) {
			continue
		}
		if best == nil || n.Severity == rules.Critical && best.Severity != rules.Critical {
			best = n
		}
	}
	if best == nil {
		return nil, nil
	}
	best.state, best.owner, best.until = "sending", r.Owner, r.Now.Add(r.Lease)
	best.tried = r.Now
	best.fence++
	best.Attempts++
	return []alerting.Claimed{{
		Notice: best.Notice, Fence: best.fence, Until: best.until, Prev: q.threads[[2]string{best.Subject, best.Lane}], Storm: l.storm,
	}}, nil
}

func (q *memory) collapse(lane string) {
	for _, n := range q.rows {
		for _, o := range q.rows {
			if n.Lane == lane && o.Lane == lane && n.Subject == o.Subject && n.Flow == alerting.FlowState && o.Flow == alerting.FlowState &&
				n.state == "waiting" && n.Version < o.Version && (o.state == "sent" || o.state == "waiting" && n.class != alerting.ClassAmbiguous) {
				n.state = "replaced"
				if o.Attempts == 0 && o.Due.After(n.Due) {
					o.Due = n.Due
				}
			}
		}
	}
}

func (q *memory) blocked(n *memoryRow) bool {
	_, thread := q.threads[[2]string{n.Subject, n.Lane}]
	return slices.ContainsFunc(q.rows, func(o *memoryRow) bool {
		if o == n || o.Lane != n.Lane || o.Subject != n.Subject || o.state != "waiting" && o.state != "sending" {
			return false
		}
		ordered := n.Flow == alerting.FlowEvent
		if n.Flow == alerting.FlowState && o.Flow == alerting.FlowState && o.class == alerting.ClassAmbiguous && o.Version < n.Version && o.state == "waiting" {
			return true
		}
		return o.state == "sending" || ordered && o.Flow == alerting.FlowEvent && o.ID < n.ID || ordered && o.Flow == alerting.FlowState && !thread
	})
}

func (q *memory) Finish(ctx context.Context, o alerting.Outcome) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := cmp.Or(q.refuse, ctx.Err()); err != nil {
		return false, err
	}
	i := slices.IndexFunc(q.rows, func(r *memoryRow) bool { return r.ID == o.ID && r.fence == o.Fence && r.state == "sending" })
	if i < 0 {
		return false, nil
	}
	n, l := q.rows[i], q.lane(o.Lane)
	n.state, n.Reduced = string(o.Result), o.Reduced
	if n.Flow == alerting.FlowEvent || n.class != alerting.ClassAmbiguous || o.Result != alerting.ResultWaiting {
		n.class = o.Class
	}
	if o.Result == alerting.ResultWaiting {
		n.Due = o.Due
	}
	l.storm = o.Storm
	switch {
	case o.Result == alerting.ResultSent:
		if !l.failing.IsZero() {
			q.endAlarms(func(lane string) bool { return lane == o.Lane }, false, o.Ended)
			q.letGo(o)
		}
		l.failing, l.paused, l.stopped = time.Time{}, time.Time{}, time.Time{}
		if o.Ref != (alerting.Ref{}) {
			q.threads[[2]string{n.Subject, n.Lane}] = o.Ref
		}
	case o.Failing:
		if l.failing.IsZero() {
			l.failing = o.Began
		}
		if o.Stop {
			l.stopped = o.Ended
		}
		if !o.PauseUntil.IsZero() {
			l.paused = o.PauseUntil
		}
	}
	if o.Extra != nil && !q.addLocked(*o.Extra) && o.Result == alerting.ResultHeld {
		for _, r := range q.rows {
			if r.IdemKey == o.Extra.IdemKey && r.state == "waiting" {
				r.Version, r.Facts = o.Extra.Version, alerting.Gathered(r.Facts, *o.Extra).Facts
			}
		}
	}
	select {
	case q.changed <- struct{}{}:
	default:
	}
	return true, nil
}

// letGo makes due what waits in a lane that works again.
func (q *memory) letGo(o alerting.Outcome) {
	for _, n := range q.rows {
		if n.Lane != o.Lane || n.state != "waiting" || n.Attempts == 0 || n.class != alerting.ClassTransient && n.class != alerting.ClassAmbiguous {
			continue
		}
		due := n.tried.Add(min(time.Duration(n.Attempts)*alerting.LetGoStep, alerting.LetGoMost))
		if due.Before(o.Ended) {
			due = o.Ended
		}
		if due.Before(n.Due) {
			n.Due = due
		}
	}
}

func (q *memory) FallBack(_ context.Context, lane string, to []alerting.Address, now time.Time) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	newest := map[string]*memoryRow{}
	for _, n := range q.rows {
		if n.Lane == lane && (n.state == "waiting" || n.state == "sending") && n.Severity == rules.Critical &&
			(!n.Due.After(now) || n.Attempts > 0) {
			newest[n.Subject] = n
		}
	}
	told := 0
	for _, n := range newest {
		for _, a := range to {
			l := q.lane(a.Lane)
			if a.Lane == lane || !l.stopped.IsZero() || !l.failing.IsZero() && now.Sub(l.failing) >= alerting.FallBackAfter {
				continue
			}
			known := -1
			for _, o := range q.rows {
				if o.Lane == a.Lane && o.Subject == n.Subject {
					known = max(known, o.Version)
				}
			}
			if alerting.Relays(n.Notice, known) && q.addLocked(alerting.Relay(n.Notice, a, now)) {
				told++
			}
			break
		}
	}
	return told, nil
}

// states returns the state of each notice, by key.
func (q *memory) states() map[string]string {
	q.mu.Lock()
	defer q.mu.Unlock()
	m := map[string]string{}
	for _, r := range q.rows {
		m[r.IdemKey] = r.state
	}
	return m
}

func (q *memory) refuseFinish(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refuse = err
}

// idle reports whether nothing is left to send.
func (q *memory) idle() bool {
	for _, s := range q.states() {
		if s == "waiting" || s == "sending" {
			return false
		}
	}
	return true
}

// sends writes down what a receiver was asked to send, and answers.
type sends struct {
	mu     sync.Mutex
	start  time.Time
	all    []sendSeen
	answer func(ctx context.Context, nth int, n alerting.Notice) (alerting.Ref, error)
}

type sendSeen struct {
	alerting.Notice
	at   time.Duration
	prev alerting.Ref
}

func newSends(answer func(ctx context.Context, nth int, n alerting.Notice) (alerting.Ref, error)) *sends {
	return &sends{start: time.Now(), answer: answer}
}

func (s *sends) Send(ctx context.Context, n alerting.Notice, prev alerting.Ref) (alerting.Ref, error) {
	s.mu.Lock()
	s.all = append(s.all, sendSeen{Notice: n, at: time.Since(s.start), prev: prev})
	nth := len(s.all)
	s.mu.Unlock()
	if s.answer == nil {
		return alerting.Ref{Root: n.IdemKey, Last: n.IdemKey}, nil
	}
	return s.answer(ctx, nth, n)
}

// String is short, for failures.
func (s sendSeen) String() string {
	return fmt.Sprintf("%s %s in %s after %s (try %d, late %t)", s.Kind, s.IdemKey, s.Lane, s.at, s.Attempts, s.Late)
}

func (s *sends) seen() []sendSeen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

func (s *sends) keys() []string {
	var keys []string
	for _, n := range s.seen() {
		keys = append(keys, n.IdemKey)
	}
	return keys
}

func (s *sends) times() []time.Duration {
	var at []time.Duration
	for _, n := range s.seen() {
		at = append(at, n.at)
	}
	return at
}

func fails(class alerting.Class) error {
	return &alerting.SendError{Class: class, Err: errors.New("said no")}
}

// always is a receiver's answer that never changes.
func always(err error) func(context.Context, int, alerting.Notice) (alerting.Ref, error) {
	return func(context.Context, int, alerting.Notice) (alerting.Ref, error) { return alerting.Ref{}, err }
}

// hangs is a receiver that answers nothing.
func hangs(ctx context.Context, _ int, _ alerting.Notice) (alerting.Ref, error) {
	<-ctx.Done()
	return alerting.Ref{}, ctx.Err()
}

// event returns an event for lane, decided now; its key is its subject and id.
func event(lane, subject, id string, severity rules.Severity) alerting.Notice {
	return alerting.Notice{
		ID: id, IdemKey: subject + ":" + id, Lane: lane, Recipient: "r", Subject: subject, Version: 1, Kind: alerting.KindUpdate,
		Flow: alerting.FlowEvent, Severity: severity, Facts: []byte(`{"title":"acme is down","happened":"it broke"}`),
		Created: time.Now(), Due: time.Now(),
	}
}

// stateOf returns a state of subject for the lane ops/C1, as of version.
func stateOf(subject string, version int) alerting.Notice {
	n := event("ops/C1", subject, fmt.Sprintf("s%03d", version), rules.High)
	n.Kind, n.Flow, n.Version = alerting.KindRoot, alerting.FlowState, version
	return n
}

// runOutbox runs an outbox until stop is called, or until the test ends.
func runOutbox(t *testing.T, q alerting.Queue, cfg alerting.OutboxConfig, ports alerting.Ports) (o *alerting.Outbox, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	o = alerting.NewOutbox(cfg, q, ports, slog.New(slog.DiscardHandler))
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := o.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	stop = func() { cancel(); wg.Wait() }
	t.Cleanup(stop)
	return o, stop
}

// drained runs an outbox until nothing is left to send.
func drained(t *testing.T, q *memory, ports alerting.Ports) {
	t.Helper()
	_, stop := runOutbox(t, q, alerting.OutboxConfig{}, ports)
	defer stop()
	for !q.idle() {
		<-q.changed
	}
}

// slackLike names receivers that all have the pace of Slack.
func slackLike(named map[string]alerting.Receiver) alerting.Ports {
	p := alerting.Ports{Named: map[string]alerting.Port{}}
	for name, r := range named {
		p.Named[name] = alerting.Port{Receiver: r, Kind: "slack"}
	}
	return p
}
