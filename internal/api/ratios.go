package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// Bounds of a question for ratios.
const (
	usualWindow = time.Hour
	maxSpan     = 400 * 24 * time.Hour
	maxCells    = 200_000 // endpoints times quarters of an hour: what is read in about a fifth of a second
	confidence  = 0.95
)

type ratiosInput struct {
	Scope string `query:"scope" required:"true" maxLength:"300" doc:"platform, product:X, channel:X, merchant:ID or endpoint:ID"`
	From  string `query:"from" maxLength:"64" doc:"RFC 3339; missing: an hour before to"`
	To    string `query:"to" maxLength:"64" doc:"RFC 3339; missing: now"`
}

type ratiosOutput struct{ Body ratiosView }

// ratiosView counts the attempts of a scope that started in a window.
type ratiosView struct {
	Scope           rules.Scope `json:"scope"`
	From            time.Time   `json:"from" doc:"As counted: a multiple of the step"`
	To              time.Time   `json:"to"`
	StepSeconds     float64     `json:"step_seconds"`
	First           int         `json:"first_attempts" doc:"That count: live, automatic, not ended by the sender itself"`
	FailedFirst     int         `json:"failed_first"`
	FirstRatio      *float64    `json:"first_error_ratio" doc:"In [0, 1]; null without attempts"`
	FirstLow        *float64    `json:"first_error_ratio_low" doc:"Exact 95% interval; null without attempts"`
	FirstHigh       *float64    `json:"first_error_ratio_high"`
	Attempts        int         `json:"attempts" doc:"First ones and retries"`
	FailedAttempts  int         `json:"failed_attempts"`
	AttemptRatio    *float64    `json:"attempt_error_ratio" doc:"Informs only: one dead endpoint repeats its failures"`
	Retries         int         `json:"retries"`
	FailedRetries   int         `json:"failed_retries"`
	Manual          int         `json:"manual" doc:"Started by people; in no ratio"`
	ExcludedSenders int         `json:"excluded" doc:"The sender's own trouble, cancelled; in no ratio"`
}

// ratios counts what the caller asks for.
func (s *Server) ratios(ctx context.Context, in *ratiosInput) (*ratiosOutput, error) {
	q, bad := window(in.From, in.To, time.Now())
	if bad != nil {
		return nil, bad
	}
	scope, bad := parseScope(in.Scope)
	if bad != nil {
		return nil, bad
	}
	q.Scopes, bad = s.scopes(callerOf(ctx), scope)
	if bad != nil {
		return nil, bad
	}
	if steps := int(q.To.Sub(q.From)/(15*time.Minute)) + 1; steps*len(q.Scopes) > maxCells {
		return nil, unanswerable(detail("query.from", fmt.Sprintf("asks for %d endpoints over %d quarters of an hour; ask in parts of at most %d of both together", len(q.Scopes), steps, maxCells)))
	}
	answer := ingest.TallyAnswer{From: q.From, To: q.To, Step: 15 * time.Minute}
	if len(q.Scopes) > 0 { // a merchant without endpoints has no attempts
		var err error
		if answer, err = s.deps.Tally(ctx, q); err != nil {
			return nil, s.unread(ctx, err)
		}
	}
	return &ratiosOutput{Body: viewOfRatios(scope, answer)}, nil
}

func viewOfRatios(scope rules.Scope, a ingest.TallyAnswer) ratiosView {
	v := ratiosView{
		Scope: scope, From: a.From.UTC(), To: a.To.UTC(), StepSeconds: a.Step.Seconds(),
		First: a.First, FailedFirst: a.FailedFirst, Retries: a.Retries, FailedRetries: a.FailedRetries,
		Attempts: a.First + a.Retries, FailedAttempts: a.FailedFirst + a.FailedRetries,
		Manual: a.Manual, ExcludedSenders: a.Excluded,
	}
	if v.First > 0 {
		low, high := rules.ExactInterval(v.FailedFirst, v.First, confidence)
		v.FirstRatio, v.FirstLow, v.FirstHigh = new(float64(v.FailedFirst)/float64(v.First)), new(float64(low)), new(float64(high))
	}
	if v.Attempts > 0 {
		v.AttemptRatio = new(float64(v.FailedAttempts) / float64(v.Attempts))
	}
	return v
}

// scopes returns what has to be counted together for a scope that the caller
// may ask for. What it may not see is not there.
func (s *Server) scopes(c caller, scope rules.Scope) ([]rules.Scope, *huma.ErrorModel) {
	kind, id := scope.Split()
	switch kind {
	case rules.ScopeEndpoint:
		if _, err := s.endpointFor(c, id); err != nil {
			return nil, notFound("endpoint", id)
		}
	case rules.ScopeMerchant:
		snap := s.deps.Registry.Snapshot()
		if _, ok := snap.Merchant(id); !ok || !c.sees(id) {
			return nil, notFound("merchant", id)
		}
		var list []rules.Scope
		for _, w := range snap.Endpoints() {
			if w.Merchant == id {
				list = append(list, rules.ScopeOf(rules.ScopeEndpoint, w.ID))
			}
		}
		return list, nil
	default:
		if c.scoped() {
			return nil, problem(http.StatusForbidden, "this is about all merchants; the token is for some of them")
		}
	}
	return []rules.Scope{scope}, nil
}

// parseScope reads a scope that attempts are counted by.
func parseScope(raw string) (rules.Scope, *huma.ErrorModel) {
	kind, id, named := strings.Cut(raw, ":")
	wanted := false
	switch kind {
	case string(rules.ScopePlatform):
		wanted = !named
	case rules.ScopeProduct, rules.ScopeChannel, rules.ScopeMerchant, rules.ScopeEndpoint:
		wanted = id != "" && registry.Clean(id) == id
	}
	if !wanted {
		return "", unanswerable(detail("query.scope", "is not a scope; wanted platform, product:X, channel:X, merchant:ID or endpoint:ID"))
	}
	return rules.Scope(raw), nil
}

// window reads the half-open window of a question.
func window(from, to string, now time.Time) (q ingest.TallyQuery, bad *huma.ErrorModel) {
	const wanted = "is not a time; wanted RFC 3339, such as 2026-05-04T10:00:00Z"
	q.To = now.UTC()
	if to != "" {
		t, err := time.Parse(time.RFC3339, to)
		if err != nil {
			return q, unanswerable(detail("query.to", wanted))
		}
		q.To = t.UTC()
	}
	q.From = q.To.Add(-usualWindow)
	if from != "" {
		t, err := time.Parse(time.RFC3339, from)
		if err != nil {
			return q, unanswerable(detail("query.from", wanted))
		}
		q.From = t.UTC()
	}
	switch span := q.To.Sub(q.From); {
	case span <= 0:
		return q, unanswerable(detail("query.from", "is not before to"))
	case span > maxSpan:
		return q, unanswerable(detail("query.from", "is more than 400 days before to; ask in parts"))
	}
	return q, nil
}
