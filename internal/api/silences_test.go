package api_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// fakeQuiet is a store of silences and maintenance, in memory.
type fakeQuiet struct {
	mu       sync.Mutex
	silences []alerting.Silence // newest first
	plans    map[string]alerting.Maintenance
	gone     []alerting.Maintenance // plans that were removed
	filters  []alerting.SilenceFilter
	removed  []string // "sil_own by operator"
	err      error    // answered by everything
}

func newFakeQuiet() *fakeQuiet {
	f := &fakeQuiet{plans: map[string]alerting.Maintenance{}}
	for id, m := range map[string]alerting.Matcher{
		"sil_own": {Merchant: []string{"own"}}, "sil_rival": {Merchant: []string{"rival"}, Endpoint: []string{"rival-pay"}},
		"sil_both": {Merchant: []string{"own", "rival"}}, "sil_house": {Channel: []string{"QR"}},
	} {
		reason := "rival-pay moves" // for the eyes of some
		if id == "sil_own" {
			reason = "a new database"
		}
		f.silences = append(f.silences, alerting.Silence{ID: id, Matcher: m, From: at, Until: time.Now().Add(time.Hour), By: "ana", Reason: reason, Created: at})
	}
	slices.SortFunc(f.silences, func(a, b alerting.Silence) int { return strings.Compare(b.ID, a.ID) })
	for id, m := range map[string]alerting.Matcher{
		"own-nights": {Merchant: []string{"own"}}, "rival-nights": {Merchant: []string{"rival"}}, "qr-nights": {Channel: []string{"QR"}},
	} {
		f.plans[id] = nights(id, m)
	}
	return f
}

// nights is work every night in Jakarta.
func nights(id string, m alerting.Matcher) alerting.Maintenance {
	plan, _ := alerting.Maintenance{
		ID: id, Matcher: m, Zone: "Asia/Jakarta", Start: time.Date(2026, 5, 3, 19, 0, 0, 0, time.UTC), Length: 2 * time.Hour,
		Recurrence: "FREQ=DAILY", By: "ana", Reason: "backup", Version: 1, Created: at, Updated: at,
	}.Settled(at)
	return plan
}

// nightsBody is the same as it is written.
func nightsBody(version int, merchant string) string {
	return fmt.Sprintf(`{"version":%d,"matcher":{"merchant":[%q]},"zone":"Asia/Jakarta","start":"2026-05-04T02:00:00+07:00","length":"2h","recurrence":"FREQ=DAILY","reason":"backup"}`, version, merchant)
}

func (f *fakeQuiet) Silences(_ context.Context, q alerting.SilenceFilter) ([]alerting.Silence, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filters = append(f.filters, q)
	var list []alerting.Silence
	passed := q.Before == ""
	for _, s := range f.silences {
		switch {
		case !passed:
			passed = s.ID == q.Before
		case q.State != "" && s.State(q.Now) != q.State:
		case len(list) < q.Limit:
			list = append(list, s)
		}
	}
	return list, f.err
}

func (f *fakeQuiet) Silence(_ context.Context, id string) (alerting.Silence, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.silences {
		if s.ID == id {
			return s, f.err
		}
	}
	return alerting.Silence{}, fmt.Errorf("read: %w", alerting.ErrNoSilence)
}

func (f *fakeQuiet) AddSilence(_ context.Context, s alerting.Silence) (alerting.Silence, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	s.ID, s.Created = "sil_new", now
	s = s.Tidied(now)
	if err := invalidOf(s.Faults(now)); err != nil {
		return s, err
	}
	f.silences = append([]alerting.Silence{s}, f.silences...)
	return s, f.err
}

func invalidOf(faults []registry.Fault) error {
	e := &registry.InvalidError{}
	for _, f := range faults {
		e.Faults = append(e.Faults, registry.RecordFault{Fault: f})
	}
	if len(e.Faults) == 0 {
		return nil
	}
	return fmt.Errorf("change: %w", e)
}

func (f *fakeQuiet) RemoveSilence(_ context.Context, id, by string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.silences {
		s := &f.silences[i]
		if s.ID != id {
			continue
		}
		if !s.RemovedAt.IsZero() {
			return fmt.Errorf("change: %w", &alerting.SilenceOverError{ID: id, At: s.RemovedAt, By: s.RemovedBy})
		}
		s.RemovedAt, s.RemovedBy = at.Add(time.Hour), by
		f.removed = append(f.removed, id+" by "+by)
		return f.err
	}
	return alerting.ErrNoSilence
}

func (f *fakeQuiet) Maintenances(context.Context) ([]alerting.Maintenance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []alerting.Maintenance
	for _, m := range f.plans {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b alerting.Maintenance) int { return strings.Compare(a.ID, b.ID) })
	return list, f.err
}

func (f *fakeQuiet) RemovedMaintenances(context.Context) ([]alerting.Maintenance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.gone), f.err
}

func (f *fakeQuiet) Maintenance(_ context.Context, id string) (alerting.Maintenance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, ok := f.plans[id]
	if !ok {
		return m, fmt.Errorf("read: %w", alerting.ErrNoMaintenance)
	}
	return m, f.err
}

func (f *fakeQuiet) PutMaintenance(_ context.Context, m alerting.Maintenance) (alerting.Maintenance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, faults := m.Settled(time.Now())
	if err := invalidOf(faults); err != nil {
		return m, err
	}
	if has := f.plans[m.ID].Version; has != m.Version {
		return m, fmt.Errorf("change: %w", &alerting.MaintenanceVersionError{ID: m.ID, Has: has, Want: m.Version})
	}
	m.Version++
	f.plans[m.ID] = m
	return m, f.err
}

func (f *fakeQuiet) RemoveMaintenance(_ context.Context, id string, version int, by string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if has := f.plans[id].Version; has != version {
		return &alerting.MaintenanceVersionError{ID: id, Has: has, Want: version}
	}
	gone := f.plans[id]
	gone.RemovedAt, gone.RemovedBy = at, by
	f.gone = append(f.gone, gone)
	delete(f.plans, id)
	f.removed = append(f.removed, id+" by "+by)
	return f.err
}

const silencesPath = "/api/v1/silences"

type silenceAnswer struct {
	ID, State, By, Reason string
	From, Until           time.Time
	Matcher               alerting.Matcher
	Covers                []struct{ ID, Number, Severity, Title string }
}

func TestASilenceSaysWhatItCovers(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		body, state string
		covers      []string
	}{
		"a merchant's incident, for an hour": {`{"matcher":{"merchant":["own"]},"for":"1h","reason":"x"}`, "active", []string{"inc_own_aaaaaa"}},
		"by the number of an incident":       {`{"matcher":{"incident":["cccccc"]},"for":"1d","reason":"x"}`, "active", []string{"inc_all_cccccc"}},
		"everything":                         {`{"matcher":{"all":true},"for":"5m","reason":"x"}`, "active", []string{"inc_all_cccccc", "inc_rival_bbbbbb", "inc_own_aaaaaa"}},
		"nothing that is open":               {`{"matcher":{"channel":["QR"]},"for":"5m","reason":"x"}`, "active", nil},
		"what is to come covers nothing yet": {`{"matcher":{"all":true},"from":"2100-01-01T00:00:00Z","for":"5m","reason":"x"}`, "pending", nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			var got silenceAnswer
			w.ask(t, http.MethodPost, silencesPath, operatorToken, tc.body).into(t, 201, &got)
			var covers []string
			for _, in := range got.Covers {
				covers = append(covers, in.ID)
			}
			if got.ID != "sil_new" || got.By != "operator" || got.State != tc.state || !slices.Equal(covers, tc.covers) {
				t.Errorf("answer %+v, want %s, covering %v", got, tc.state, tc.covers)
			}
			if strings.Contains(tc.body, "cccccc") && !slices.Equal(got.Matcher.Incident, []string{"inc_all_cccccc"}) {
				t.Errorf("matcher %+v, want the whole ID", got.Matcher)
			}
		})
	}
}

func TestTheLengthOfASilenceCountsFromItsBegin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var got silenceAnswer
	w.ask(t, http.MethodPost, silencesPath, operatorToken, `{"matcher":{"all":true},"from":"2100-01-01T00:00:00Z","for":"2d","reason":"x"}`).into(t, 201, &got)
	if want := time.Date(2100, 1, 3, 0, 0, 0, 0, time.UTC); !got.Until.Equal(want) {
		t.Errorf("until %s, want %s", got.Until, want)
	}
	before := time.Now()
	w.ask(t, http.MethodPost, silencesPath, operatorToken, `{"matcher":{"all":true},"from":"2000-01-01T00:00:00Z","for":"1h","reason":"x"}`).into(t, 201, &got)
	if got.From.Before(before.Add(-time.Millisecond)) || got.Until.Sub(got.From).Round(time.Second) != time.Hour {
		t.Errorf("from %s until %s, want an hour from now", got.From, got.Until)
	}
}

func TestSilencesThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for sentence, tc := range map[string]struct{ body, location, words string }{
		"nothing is named":        {`{"matcher":{},"for":"1h","reason":"x"}`, "body.matcher", "names nothing; name a merchant, an endpoint"},
		"no reason":               {`{"matcher":{"all":true},"for":"1h"}`, "body.reason", "is missing; whoever is on call next reads it"},
		"no end":                  {`{"matcher":{"all":true},"reason":"x"}`, "body.until", "is missing; say how long"},
		"both ends":               {`{"matcher":{"all":true},"for":"1h","until":"2100-01-01T00:00:00Z","reason":"x"}`, "body.for", "stands beside until"},
		"eight days":              {`{"matcher":{"all":true},"for":"8d","reason":"x"}`, "body.until", "is 8d after from; a silence lasts at most 7d"},
		"a length without a unit": {`{"matcher":{"all":true},"for":"60","reason":"x"}`, "body.for", "has no unit"},
		"an end that is over":     {`{"matcher":{"all":true},"until":"2020-01-01T00:00:00Z","reason":"x"}`, "body.until", "is over"},
		"a merchant of nobody":    {`{"matcher":{"merchant":["own","tokko"]},"for":"1h","reason":"x"}`, "body.matcher.merchant[1]", `there is no merchant "tokko"`},
		"an endpoint of nobody":   {`{"matcher":{"endpoint":["own-pai"]},"for":"1h","reason":"x"}`, "body.matcher.endpoint[0]", `there is no endpoint "own-pai"`},
		"an incident of nobody":   {`{"matcher":{"incident":["zzzzzz"]},"for":"1h","reason":"x"}`, "body.matcher.incident[0]", `there is no incident "zzzzzz"`},
		"a rule that is none":     {`{"matcher":{"rule":["gone"]},"for":"1h","reason":"x"}`, "body.matcher.rule[0]", "is no rule; one of certificate"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w.ask(t, http.MethodPost, silencesPath, operatorToken, tc.body).problem(t, 422).hasFault(t, tc.location, tc.words)
		})
	}
	t.Run("a list that is none", func(t *testing.T) {
		t.Parallel()
		w.ask(t, http.MethodPost, silencesPath, operatorToken, `{"matcher":{"merchants":["own"]},"for":"1h","reason":"x"}`).problem(t, 422)
	})
	t.Cleanup(func() { // after the subtests
		if n := len(w.quiet.silences); n != 4 {
			t.Errorf("%d silences, want the four of before", n)
		}
	})
}

func TestSilencesAreListedAndEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	var list struct {
		Items []silenceAnswer
		Next  string
	}
	ids := func() (ids []string) {
		for _, s := range list.Items {
			ids = append(ids, s.ID+" "+s.State)
		}
		return ids
	}
	w.ask(t, http.MethodGet, silencesPath+"?limit=3", viewerToken, "").into(t, 200, &list)
	if !slices.Equal(ids(), []string{"sil_rival active", "sil_own active", "sil_house active"}) || list.Next == "" {
		t.Errorf("listed %v, next %q", ids(), list.Next)
	}
	w.ask(t, http.MethodGet, silencesPath+"?limit=3&cursor="+list.Next, viewerToken, "").into(t, 200, &list)
	if !slices.Equal(ids(), []string{"sil_both active"}) || list.Next != "" {
		t.Errorf("then %v, next %q", ids(), list.Next)
	}
	w.ask(t, http.MethodGet, silencesPath, ownViewer, "").into(t, 200, &list)
	if f := w.quiet.filters[2]; !slices.Equal(ids(), []string{"sil_own active"}) || !slices.Equal(f.Merchants, []string{"own", "own-new"}) {
		t.Errorf("its own are %v, asked for %+v", ids(), f)
	}
	if a := w.ask(t, http.MethodDelete, silencesPath+"/sil_own", operatorToken, ""); a.status != 204 || a.body != "" {
		t.Errorf("end: %d %s", a.status, a.body)
	}
	if p := w.ask(t, http.MethodDelete, silencesPath+"/sil_own", operatorToken, "").problem(t, 409); p.Detail != "silence sil_own ended at 2026-05-04 11:00 UTC, by operator" {
		t.Errorf("a second end says %q", p.Detail)
	}
	w.ask(t, http.MethodDelete, silencesPath+"/sil_none", operatorToken, "").problem(t, 404)
	w.ask(t, http.MethodGet, silencesPath+"?state=ended", viewerToken, "").into(t, 200, &list)
	if !slices.Equal(ids(), []string{"sil_own ended"}) || !slices.Equal(w.quiet.removed, []string{"sil_own by operator"}) {
		t.Errorf("ended are %v, by %v", ids(), w.quiet.removed)
	}
	w.ask(t, http.MethodGet, silencesPath+"?state=over", viewerToken, "").problem(t, 422)
	w.quiet.err = context.DeadlineExceeded
	w.ask(t, http.MethodGet, silencesPath, viewerToken, "").problem(t, 503)
	w.ask(t, http.MethodPost, silencesPath, operatorToken, `{"matcher":{"all":true},"for":"1h","reason":"x"}`).problem(t, 503)
}
