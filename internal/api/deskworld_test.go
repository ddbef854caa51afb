package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// fakeAttempts remembers what it is given; a repeat is a duplicate.
type fakeAttempts struct {
	floor   time.Time
	mu      sync.Mutex
	batches []int // attempts of each call
	taken   []deliveries.Attempt
	known   map[string]bool
	fail    func(call int) error // nil: never
	hold    chan struct{}        // not nil: Take waits until it is closed
	waiting chan struct{}        // gets one for each call that waits
}

func (f *fakeAttempts) Floor() time.Time { return f.floor }

func (f *fakeAttempts) Take(ctx context.Context, received time.Time, attempts []deliveries.Attempt) (ingest.Taken, error) {
	if f.hold != nil {
		f.waiting <- struct{}{}
		<-f.hold // however long a loaded machine takes
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, bounded := ctx.Deadline(); !bounded || received.IsZero() || f.hold == nil && ctx.Err() != nil {
		return ingest.Taken{}, errors.New("no receive time, nobody waits, or somebody does for ever")
	}
	f.batches = append(f.batches, len(attempts))
	if f.fail != nil {
		if err := f.fail(len(f.batches)); err != nil {
			return ingest.Taken{}, fmt.Errorf("append: %w", err)
		}
	}
	if f.known == nil {
		f.known = map[string]bool{}
	}
	var t ingest.Taken
	for _, a := range attempts {
		id := a.Source + " " + a.Event + " " + a.Endpoint + a.Merchant
		if f.known[id] {
			t.Duplicate++
			continue
		}
		t.Accepted++
		f.known[id], f.taken = true, append(f.taken, a)
	}
	return t, nil
}

// all returns what was taken so far.
func (f *fakeAttempts) all() []deliveries.Attempt {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.taken)
}

func (f *fakeAttempts) calls() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.batches)
}

// fakeDesk knows some incidents and notices, and what it was asked.
type fakeDesk struct {
	mu        sync.Mutex
	incidents []alerting.Incident // newest first
	entries   map[string][]alerting.Entry
	rows      []alerting.OutboxRow // newest first
	commands  []alerting.Command
	filters   []alerting.IncidentFilter
	queries   []ingest.TallyQuery
	by        []string // of notices and tests
	answer    ingest.Tally
	err       error // answered by everything

	reconciled map[string]alerting.Reconciliation // of the channel QR, by incident
}

func newFakeDesk() *fakeDesk {
	incident := func(id, merchant string) alerting.Incident {
		scope, title := rules.ScopePlatform, "60 endpoints refuse, rival-pay and filed-pay among them"
		if merchant != "" {
			scope, title = rules.ScopeOf(rules.ScopeEndpoint, merchant+"-pay"), merchant+"-pay is down"
		}
		return alerting.Incident{
			ID: id, Version: 3, Rule: rules.RuleEndpointDown, Scope: scope, Merchant: merchant, Severity: rules.High,
			State: alerting.StateOpen, Title: title, Evidence: rules.Evidence{Text: "refused 3 times"}, StartedAt: at, OpenedAt: at.Add(time.Minute),
			Members: []alerting.Membership{
				{Key: rules.Key{Rule: rules.RuleEndpointDown, Scope: scope, Episode: 1}, Merchant: merchant, Fault: "refused", Text: "refused", Since: at},
				{Key: rules.Key{Rule: rules.RuleCertificate, Scope: scope, Episode: 1}, Merchant: merchant, Since: at, Left: at.Add(time.Hour)},
			},
		}
	}
	d := &fakeDesk{
		incidents: []alerting.Incident{incident("inc_all_cccccc", ""), incident("inc_rival_bbbbbb", "rival"), incident("inc_own_aaaaaa", "own")},
		entries:   map[string][]alerting.Entry{},
		rows: []alerting.OutboxRow{
			{ID: "n-2-slack/ops", Lane: "slack/ops", Subject: "inc_all_cccccc", State: "dead", Class: alerting.ClassAuth, Text: "not_authed", Created: at, Facts: json.RawMessage(`{"number":"cccccc"}`)},
			{ID: "n-1-slack/ops", Lane: "slack/ops", Subject: "inc_own_aaaaaa", State: "sent", Created: at, Finished: at, Facts: json.RawMessage(`{}`)},
		},
		answer: ingest.Tally{First: 100, FailedFirst: 4, Retries: 50, FailedRetries: 11, Manual: 2, Excluded: 1},
	}
	for _, in := range d.incidents {
		d.entries[in.ID] = []alerting.Entry{{Incident: in.ID, Seq: 1, At: at, Kind: alerting.EntryOpened, Text: in.Title}}
	}
	return d
}

func (d *fakeDesk) tally(_ context.Context, q ingest.TallyQuery) (ingest.TallyAnswer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queries = append(d.queries, q)
	return ingest.TallyAnswer{Tally: d.answer, From: q.From, To: q.To, Step: time.Minute}, d.err
}

func (d *fakeDesk) Incidents(_ context.Context, f alerting.IncidentFilter) ([]alerting.Incident, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.filters = append(d.filters, f)
	var list []alerting.Incident
	passed := f.Before == ""
	for _, in := range d.incidents {
		switch {
		case !passed:
			passed = in.ID == f.Before
		case f.Live && !in.Live(), len(f.Merchants) > 0 && !slices.Contains(f.Merchants, in.Merchant):
		case f.Endpoint != "" && in.Scope != rules.ScopeOf(rules.ScopeEndpoint, f.Endpoint):
		case len(list) < f.Limit:
			list = append(list, in)
		}
	}
	return list, d.err
}

func (d *fakeDesk) Incident(_ context.Context, id string) (alerting.Incident, []alerting.Entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, in := range d.incidents {
		if in.ID == id {
			return in, slices.Clone(d.entries[id]), d.err
		}
	}
	return alerting.Incident{}, nil, fmt.Errorf("read: %w", alerting.ErrNoIncident)
}

func (d *fakeDesk) Command(_ context.Context, id string, version int, c alerting.Command) (alerting.Incident, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.incidents, func(in alerting.Incident) bool { return in.ID == id })
	if i < 0 {
		return alerting.Incident{}, alerting.ErrNoIncident
	}
	in := &d.incidents[i]
	switch {
	case in.Version != version:
		return *in, &alerting.VersionError{ID: id, Has: in.Version, Want: version}
	case !in.Live() && c.Do != alerting.CommandNote:
		return *in, &alerting.CommandError{Do: c.Do, State: in.State, Why: "it is over"}
	}
	switch c.Do {
	case alerting.CommandAcknowledge:
		in.State, in.AcknowledgedAt, in.AcknowledgedBy = alerting.StateAcknowledged, at.Add(time.Hour), c.By
	case alerting.CommandResolve:
		in.State, in.ResolvedAt, in.ResolvedBy = alerting.StateResolved, at.Add(time.Hour), c.By
	default: // a note changes the timeline alone
	}
	in.Version++
	d.commands = append(d.commands, c)
	d.entries[id] = append(d.entries[id], alerting.Entry{Incident: id, Seq: 2, At: at.Add(time.Hour), Kind: alerting.EntryNote, Actor: c.By, Text: c.Text})
	return *in, nil
}

// fakeOutbox is the outbox of a desk.
type fakeOutbox struct{ *fakeDesk }

func (d fakeOutbox) Outbox(_ context.Context, f alerting.OutboxFilter) ([]alerting.OutboxRow, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []alerting.OutboxRow
	passed := f.Before == ""
	for _, row := range d.rows {
		switch {
		case !passed:
			passed = row.ID == f.Before
		case f.State != "" && row.State != f.State, f.Lane != "" && row.Lane != f.Lane, f.Subject != "" && row.Subject != f.Subject:
		case len(list) < f.Limit:
			list = append(list, row)
		}
	}
	return list, d.err
}

func (d fakeOutbox) RetryNotice(_ context.Context, id, by string) error {
	return d.change(id, by, "waiting")
}
func (d fakeOutbox) DropNotice(_ context.Context, id, by string) error {
	return d.change(id, by, "dropped")
}

func (d fakeOutbox) change(id, by, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.rows {
		if d.rows[i].ID != id {
			continue
		}
		if d.rows[i].State != "dead" {
			return fmt.Errorf("change: %w", &alerting.NoticeStateError{ID: id, State: d.rows[i].State})
		}
		d.rows[i].State, d.by = to, append(d.by, by)
		return d.err
	}
	return fmt.Errorf("change: %w", alerting.ErrNoNotice)
}

func (d *fakeDesk) test(_ context.Context, receiver, by string) (api.TestOutcome, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if receiver != "slack" {
		return api.TestOutcome{}, fmt.Errorf("receiver %q: %w", receiver, registry.ErrNotFound)
	}
	d.by = append(d.by, by)
	return api.TestOutcome{Receiver: receiver, Notices: []api.TestNotice{
		{Lane: "slack/ops", State: "sent", Took: 1500 * time.Millisecond},
		{Lane: "slack/pay", State: "dead", Class: alerting.ClassDestination, Text: "channel_not_found"},
	}}, d.err
}

func (d *fakeDesk) beat(id string) bool { return id == "backup" }
