package api_test

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

const ratiosPath = "/api/v1/ratios?scope="

func TestRatiosShowWhatWasCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	a := w.ask(t, http.MethodGet, ratiosPath+"channel:ID_BCA&from=2026-05-04T10:00:00Z&to=2026-05-04T13:00:00%2B01:00", viewerToken, "")
	var got struct {
		Low  float64 `json:"first_error_ratio_low"`
		High float64 `json:"first_error_ratio_high"`
	}
	a.into(t, 200, &got)
	low, high := rules.ExactInterval(4, 100, 0.95)
	if math.Abs(got.Low-float64(low)) > 1e-12 || math.Abs(got.High-float64(high)) > 1e-12 {
		t.Errorf("interval %v to %v, want %v to %v", got.Low, got.High, low, high)
	}
	for _, want := range []string{
		`{"scope":"channel:ID_BCA","from":"2026-05-04T10:00:00Z","to":"2026-05-04T12:00:00Z","step_seconds":60,`,
		`"first_attempts":100,"failed_first":4,"first_error_ratio":0.04,"first_error_ratio_low":`,
		`"attempts":150,"failed_attempts":15,"attempt_error_ratio":0.1,"retries":50,"failed_retries":11,"manual":2,"excluded":1}`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("answer %s, want %s in it", a.body, want)
		}
	}
	want := []rules.Scope{"channel:ID_BCA"}
	if q := w.desk.queries[0]; !slices.Equal(q.Scopes, want) || !q.From.Equal(at) || !q.To.Equal(at.Add(2*time.Hour)) {
		t.Errorf("asked for %+v, want %v from %s on", q, want, at)
	}
}

func TestRatiosWithoutAttemptsAreNull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.desk.answer = ingest.Tally{Manual: 3}
	a := w.ask(t, http.MethodGet, ratiosPath+"platform", viewerToken, "")
	for _, want := range []string{
		`"first_error_ratio":null,"first_error_ratio_low":null,"first_error_ratio_high":null,`, `"attempt_error_ratio":null,`, `"manual":3,`,
	} {
		if a.status != 200 || !strings.Contains(a.body, want) {
			t.Errorf("answer %d %s, want %s in it", a.status, a.body, want)
		}
	}
	if q := w.desk.queries[0]; q.To.Sub(q.From) != time.Hour || time.Since(q.To) > time.Minute {
		t.Errorf("asked for %s to %s, want the last hour", q.From, q.To)
	}
}

func TestRatiosOfAMerchantAreThoseOfItsEndpoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.ask(t, http.MethodGet, ratiosPath+"merchant:own", ownViewer, "").into(t, 200, &struct{}{})
	want := []rules.Scope{"endpoint:own-pay", "endpoint:own-void"}
	if q := w.desk.queries[0]; !slices.Equal(q.Scopes, want) {
		t.Errorf("asked for %v, want %v", q.Scopes, want)
	}
	w.ask(t, http.MethodPut, "/api/v1/merchants/empty", operatorToken, `{}`).into(t, 201, &struct{}{})
	var got struct {
		Scope string
		First *int `json:"first_attempts"`
	}
	w.ask(t, http.MethodGet, ratiosPath+"merchant:empty", viewerToken, "").into(t, 200, &got)
	if got.First == nil || *got.First != 0 || len(w.desk.queries) != 1 {
		t.Errorf("a merchant without endpoints: %+v, want zeros that nobody is asked for", got)
	}
}

func TestRatiosRefuseWhatIsNoQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for name, tt := range map[string]struct {
		query string
		place string
	}{
		"no scope":                   {"", "query.scope"},
		"another kind":               {"scope=target:ledger", "query.scope"},
		"platform with a name":       {"scope=platform:x", "query.scope"},
		"platform with an empty one": {"scope=platform:", "query.scope"},
		"a channel without a name":   {"scope=channel:", "query.scope"},
		"a name that deceives":       {"scope=channel:a%E2%80%AEb", "query.scope"},
		"a name that is no text":     {"scope=channel:%FF", "query.scope"},
		"a name that is too long":    {"scope=channel:" + strings.Repeat("x", 400), "query.scope"},
		"from is no time":            {"scope=platform&from=yesterday", "query.from"},
		"to is no time":              {"scope=platform&to=1700000000", "query.to"},
		"an empty window":            {"scope=platform&from=2026-05-04T10:00:00Z&to=2026-05-04T10:00:00Z", "query.from"},
		"a window back to front":     {"scope=platform&from=2026-05-04T11:00:00Z&to=2026-05-04T10:00:00Z", "query.from"},
		"more than 400 days":         {"scope=platform&from=2025-03-30T09:59:59Z&to=2026-05-04T10:00:00Z", "query.from"},
		"more than a clock can span": {"scope=platform&from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z", "query.from"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.ask(t, http.MethodGet, "/api/v1/ratios?"+tt.query, viewerToken, "").problem(t, 422).hasFault(t, tt.place, "")
		})
	}
	w.ask(t, http.MethodGet, ratiosPath+"platform&from=2025-03-30T10:00:00Z&to=2026-05-04T10:00:00Z", viewerToken, "").into(t, 200, &struct{}{})
}

func TestFactsThatCannotBeReadAreOurFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.desk.err = errors.New("MARKER-cause")
	for _, path := range []string{ratiosPath + "platform", "/api/v1/incidents", "/api/v1/incidents/aaaaaa", "/api/v1/incidents/inc_own_aaaaaa", "/api/v1/outbox"} {
		a := w.ask(t, http.MethodGet, path, operatorToken, "")
		if p := a.problem(t, 503); !strings.Contains(p.Detail, "could not be read") || strings.Contains(a.body, "MARKER") {
			t.Errorf("%s: %s, want that it could not be read", path, a.body)
		}
	}
	if !strings.Contains(w.log.String(), "facts not read") {
		t.Error("the log does not say that facts were not read")
	}
}
