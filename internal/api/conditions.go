package api

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

type listConditionsInput struct {
	Limit    int            `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items to answer"`
	Cursor   string         `query:"cursor" maxLength:"4000" doc:"next of the answer before"`
	State    rules.Phase    `query:"state" enum:"open,pending" doc:"Pending: its first bad facts are there, and what would confirm them is not; nobody is told"`
	Rule     rules.Rule     `query:"rule" maxLength:"64" doc:"Of this rule alone, such as endpoint_slow"`
	Scope    rules.Scope    `query:"scope" maxLength:"512" doc:"In this scope alone, such as platform, channel:ID_BCA or endpoint:ep_9"`
	Severity rules.Severity `query:"severity" enum:"critical,high,low" doc:"As loud alone. A low one opens no incident. What is pending has no severity yet"`
	Merchant string         `query:"merchant" maxLength:"256" doc:"Of this merchant alone"`
}

// conditionView is a condition as it is answered. Moments that have not come
// are left out.
type conditionView struct {
	Rule     rules.Rule     `json:"rule"`
	Scope    rules.Scope    `json:"scope"`
	Merchant string         `json:"merchant" doc:"When it concerns one alone"`
	State    rules.Phase    `json:"state" enum:"open,pending"`
	Severity rules.Severity `json:"severity" doc:"critical, high or low, the worst of the episode; empty while it is pending"`
	Since    time.Time      `json:"since,omitzero" doc:"First bad fact"`
	OpenedAt time.Time      `json:"opened_at,omitzero" doc:"Missing: it is pending"`
	Fault    string         `json:"fault" doc:"That decides, when one does"`
	Evidence rules.Evidence `json:"evidence" doc:"As of its last change; numerator and denominator count what the text says"`
	Incident *string        `json:"incident" doc:"ID of the live incident that it is in; empty: in none that you see; null: not known just now"`
}

// conditionsCursor begins the place in a cursor of this list, so that one of
// another list is not taken.
const conditionsCursor = "condition:"

// listConditions answers what stands, the loudest and newest first. What
// concerns no merchant alone is for callers who see all.
func (s *Server) listConditions(ctx context.Context, in *listConditionsInput) (*pageOutput[conditionView], error) {
	if in.Rule != "" && !slices.Contains(rules.Rules(), in.Rule) {
		return nil, unanswerable(detail("query.rule", "is not a rule; one of "+ruleList()))
	}
	after, bad := conditionBehind(in.Cursor)
	if bad != nil {
		return nil, bad
	}
	c, kept := callerOf(ctx), []rules.Standing{}
	for _, st := range s.deps.Conditions() {
		if c.seesCondition(st) && in.wants(st) && (after == nil || loudestFirst(st, *after) > 0) {
			kept = append(kept, st)
		}
	}
	slices.SortFunc(kept, loudestFirst)
	out := &pageOutput[conditionView]{Body: page[conditionView]{Items: []conditionView{}}}
	if len(kept) > in.Limit {
		kept = kept[:in.Limit]
		out.Body.Next = goesOn(conditionsCursor, placeOfCondition(kept[in.Limit-1]))
	}
	seats := s.seatsOf(ctx, c, kept)
	for _, st := range kept {
		out.Body.Items = append(out.Body.Items, viewOfCondition(st, seats))
	}
	return out, nil
}

func ruleList() string {
	words := []string{}
	for _, r := range rules.Rules() {
		words = append(words, string(r))
	}
	return strings.Join(words, ", ")
}

// wants reports whether a condition meets the filters.
func (in *listConditionsInput) wants(s rules.Standing) bool {
	return (in.State == "" || s.Episode.Phase == in.State) && (in.Rule == "" || s.Rule == in.Rule) && (in.Scope == "" || s.Scope == in.Scope) &&
		(in.Severity == "" || severityOf(s) == in.Severity) && (in.Merchant == "" || s.Merchant == in.Merchant)
}

// seesCondition reports whether a condition is c's to see: for who does not see
// all, one of an endpoint or of the whole of a merchant that is theirs.
func (c caller) seesCondition(s rules.Standing) bool {
	if !c.scoped() {
		return true
	}
	kind, _ := s.Scope.Split()
	return (kind == rules.ScopeEndpoint || kind == rules.ScopeMerchant) && c.seesOf(s.Merchant)
}

// severityOf is how loud a condition is; empty while it is pending, when the
// episode still has the severity of the one before.
func severityOf(s rules.Standing) rules.Severity {
	if s.Episode.Phase != rules.PhaseOpen {
		return ""
	}
	return s.Episode.Worst
}

// sinceOf is when a condition began, as it is written in a cursor.
func sinceOf(s rules.Standing) time.Time { return s.Episode.Since.Round(0).UTC() }

// loudestFirst orders conditions: by severity, what is pending last, then the
// newest first, then by rule and scope.
func loudestFirst(a, b rules.Standing) int {
	loudA, loudB := severityOf(a), severityOf(b)
	switch {
	case loudA.Worse(loudB):
		return -1
	case loudB.Worse(loudA):
		return 1
	default:
		return cmp.Or(sinceOf(b).Compare(sinceOf(a)), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Scope, b.Scope))
	}
}

// placeOfCondition names where a condition stands in the list: a cursor stays
// good when the list changes between pages.
func placeOfCondition(s rules.Standing) string {
	return strings.Join([]string{string(severityOf(s)), sinceOf(s).Format(time.RFC3339Nano), string(s.Rule), string(s.Scope)}, "|")
}

// conditionBehind reads what placeOfCondition wrote; nil for the first page.
func conditionBehind(cursor string) (*rules.Standing, *huma.ErrorModel) {
	place, bad := behind(conditionsCursor, cursor)
	if bad != nil || place == "" {
		return nil, bad
	}
	parts := strings.SplitN(place, "|", 4)
	if len(parts) == 4 {
		if since, err := time.Parse(time.RFC3339Nano, parts[1]); err == nil {
			s := rules.Standing{Rule: rules.Rule(parts[2]), Scope: rules.Scope(parts[3])}
			s.Episode = rules.Episode{Phase: rules.PhaseOpen, Worst: rules.Severity(parts[0]), Since: since}
			return &s, nil
		}
	}
	return nil, unanswerable(detail("query.cursor", "is not a cursor of this list; wanted next of the answer before"))
}

// seats says in which live incident each episode of a condition is.
type seats struct {
	of    map[rules.Key]string
	whole bool // false: one that is not named may be in one all the same
}

// seatsOf looks the conditions up in one page of live incidents that c sees,
// the newest. Without an answer the conditions are shown all the same.
func (s *Server) seatsOf(ctx context.Context, c caller, list []rules.Standing) seats {
	found := seats{of: map[rules.Key]string{}}
	if len(list) == 0 || s.deps.Incidents == nil {
		return found
	}
	live, err := s.deps.Incidents.Incidents(ctx, alerting.IncidentFilter{Live: true, Merchants: c.merchantList(), Limit: maxPage})
	if err != nil {
		if ctx.Err() == nil {
			s.log.LogAttrs(ctx, slog.LevelWarn, "conditions are listed without their incidents", slog.Any("error", err))
		}
		return found
	}
	found.whole = len(live) < maxPage
	for _, in := range live {
		if !c.seesIncident(in) {
			continue
		}
		for _, m := range in.Members {
			if m.Left.IsZero() {
				found.of[m.Key] = in.ID
			}
		}
	}
	return found
}

func viewOfCondition(s rules.Standing, at seats) conditionView {
	v := conditionView{
		Rule: s.Rule, Scope: s.Scope, Merchant: s.Merchant, State: s.Episode.Phase, Severity: severityOf(s),
		Since: sinceOf(s), OpenedAt: s.OpenedAt.UTC(), Fault: s.Episode.Fault, Evidence: s.Evidence,
	}
	if id, seated := at.of[s.Key()]; seated || at.whole {
		v.Incident = &id
	}
	return v
}

// conditionRoutes are about what the rules say now.
func (s *Server) conditionRoutes() {
	register(s, access{role: RoleViewer}, get("/api/v1/conditions", "list-conditions", "List conditions that are pending or open, also those that open no incident, the loudest first"),
		served(s.deps.Conditions != nil, s.listConditions))
}
