package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

const (
	maxMembers = 200 // on a page
	maxEntries = 200 // of a timeline: the first tenth and the rest from its end
	maxAdvice  = 5
	maxLine    = 500 // characters of a line of a timeline, or of evidence
)

// entryView is one line of a timeline.
type entryView struct {
	At    time.Time
	Clock string // At, short; empty: the whole date
	Kind  string
	Who   string
	Text  string
	Skip  int // lines left out before this one
}

// entryViews words a timeline, each text without what stands beside it and cut
// to most characters; what a person wrote may have four times as many.
func entryViews(entries []alerting.Entry, most int, beside brevity) []entryView {
	views := make([]entryView, 0, len(entries))
	for _, e := range entries {
		v := entryView{At: e.At, Kind: cut(strings.ReplaceAll(string(e.Kind), "_", " "), maxName), Who: e.Actor, Text: cut(beside.shorten(e.Text), most)}
		if e.Kind == alerting.EntryNote {
			v.Text = cut(e.Text, 4*most)
		}
		if v.Text == v.Kind {
			v.Text = "" // said already
		}
		if e.Actor == "" {
			v.Who = "hookvigil"
		}
		views = append(views, v)
	}
	return views
}

// timelineOf bounds a timeline: how it began and how it stands.
func timelineOf(entries []alerting.Entry, beside brevity) []entryView {
	skip := len(entries) - maxEntries
	if skip <= 0 {
		return entryViews(entries, maxLine, beside)
	}
	const begin = maxEntries / 10
	views := entryViews(slices.Concat(entries[:begin], entries[begin+skip:]), maxLine, beside)
	views[begin].Skip = skip
	return views
}

// milestone is one line of the table of an incident's times.
type milestone struct {
	Name  string
	At    time.Time
	After string // how long after the start; empty: it is the start
	Note  string // beside the time, or instead of it
}

// inOrder puts the milestones that have a time into the order of time: who
// answers before a message has arrived stands before it. Those of one moment,
// and those that have not come, stay where they are.
func inOrder(list []milestone) {
	var reached []milestone
	for _, m := range list {
		if !m.At.IsZero() {
			reached = append(reached, m)
		}
	}
	slices.SortStableFunc(reached, func(a, b milestone) int { return a.At.Compare(b.At) })
	for i := range list {
		if !list[i].At.IsZero() {
			list[i], reached = reached[0], reached[1:]
		}
	}
}

// milestones tells when an incident was seen, told and ended.
func milestones(in alerting.Incident) []milestone {
	list := []milestone{
		{Name: "Started", At: in.StartedAt, Note: "first bad fact"},
		{Name: "Detected", At: in.DetectedAt, Note: "a rule said so"},
		{Name: "Alerted", At: in.AlertedAt, Note: "a receiver took the first notice"},
		{Name: "Acknowledged", At: in.AcknowledgedAt, Note: "by " + cut(in.AcknowledgedBy, maxName)},
	}
	further := func(name string, at time.Time, note string) {
		if !at.IsZero() {
			list = append(list, milestone{Name: name, At: at, Note: note})
		}
	}
	further("First fix", in.MitigatedAt, "what failed had fallen to half, or somebody said so")
	further("Well since", in.RecoveringAt, "nothing fails")
	list = append(list, milestone{Name: "Resolved", At: in.ResolvedAt, Note: endedBy(in)})
	further("Reconciled", in.ReconciledAt, "what had failed was delivered or written off")
	if h := in.Story.Hush; in.Live() && h.ID != "" {
		further("Quiet until", h.Until, cut(fmt.Sprintf("%s of %s: %s", h.Kind, h.By, h.Reason), maxLine))
	}
	if in.Live() {
		further("Told again", in.Story.AgainAt, "unless somebody acknowledges it")
	}
	inOrder(list)
	for i := range list {
		m := &list[i]
		switch {
		case m.At.IsZero() && in.Live():
			m.Note = "not yet"
		case m.At.IsZero():
			m.Note = "never"
		case i > 0 && !in.StartedAt.IsZero() && !m.At.Before(in.StartedAt):
			m.After = short(alerting.Between(in.StartedAt, m.At))
		}
	}
	return list
}

// endedBy says who resolved an incident.
func endedBy(in alerting.Incident) string {
	switch {
	case in.Parent != "":
		return cut(in.ResolvedBy, maxName)
	case in.ResolvedBy == "":
		return "by the rules"
	default:
		return "by " + cut(in.ResolvedBy, maxName)
	}
}

// evidenceFacts lists the numbers of a rule's evidence; what it does not hold
// is left out.
func evidenceFacts(rule rules.Rule, e rules.Evidence) []fact {
	var facts []fact
	add := func(name, value string, there bool) {
		if there {
			facts = append(facts, fact{Name: name, Value: value})
		}
	}
	if e.Denominator > 0 {
		ratio := rules.Ratio(float64(e.Numerator) / float64(e.Denominator))
		add(countedAs(rule), fmt.Sprintf("%s of %s (%s)", grouped(e.Numerator), grouped(e.Denominator), ratio.Short()), true)
	}
	add("Plausible ratio", e.Low.Short()+" to "+e.High.Short(), e.High > 0)
	add("Threshold", e.Threshold.Short(), e.Threshold > 0)
	add("Ordinarily", e.Baseline.Short(), e.Baseline > 0)
	if !e.From.IsZero() {
		facts = append(facts, fact{Name: "Counted from", At: e.From})
	}
	if !e.To.IsZero() {
		facts = append(facts, fact{Name: "Counted to", At: e.To})
	}
	return facts
}

// memberView is one condition of an incident.
type memberView struct {
	alerting.Membership
	Name string // of its scope
	Link string // empty: it has no page
	Open bool
}

// membersOf lists the members, open ones first and then the oldest, and how
// many more there are than a page bears.
func membersOf(in alerting.Incident) (views []memberView, more int) {
	members := slices.Clone(in.Members)
	slices.SortStableFunc(members, func(a, b alerting.Membership) int {
		if open := a.Left.IsZero(); open != b.Left.IsZero() {
			if open {
				return -1
			}
			return 1
		}
		return a.Since.Compare(b.Since)
	})
	for _, m := range members[:min(len(members), maxMembers)] {
		v := memberView{Membership: m, Name: scopeName(m.Key.Scope), Open: m.Left.IsZero()}
		v.Text = brevity{scope: m.Key.Scope, since: m.Since}.shorten(m.Text)
		switch kind, id := m.Key.Scope.Split(); kind {
		case rules.ScopeEndpoint:
			v.Link = "/endpoints/" + escapeID(id)
		case rules.ScopeTarget:
			v.Link = "/targets/" + escapeID(id)
		default:
		}
		views = append(views, v)
	}
	return views, len(members) - len(views)
}

// adviceOnIncident says what the faults of its open members mean, each once.
// What has no word of its own gets no advice.
func adviceOnIncident(in alerting.Incident) []adviceOn {
	var list []adviceOn
	seen := map[string]bool{}
	for _, m := range in.Members {
		if !m.Left.IsZero() || seen[m.Fault] || len(list) == maxAdvice {
			continue
		}
		seen[m.Fault] = true
		if a, ok := probeAdvice[probes.Fault(m.Fault)]; ok && m.Key.Rule == rules.RuleEndpointDown {
			list = append(list, adviceOn{"probe", m.Fault, a})
		}
		if a, ok := certificateAdvice[certificate.Fault(m.Fault)]; ok && m.Key.Rule == rules.RuleCertificate {
			list = append(list, adviceOn{"certificate", m.Fault, a})
		}
	}
	return list
}

// incidentPage is what the template incident draws.
type incidentPage struct {
	frame
	Row         incidentRow
	Milestones  []milestone
	Evidence    []fact
	Advice      []adviceOn
	Members     []memberView
	MoreMembers int
	Timeline    []entryView
}

func (p *pages) incident(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), incidentPatience)
	defer cancel()
	in, entries, err := p.src.Incident(ctx, r.PathValue("id"))
	switch {
	case errors.Is(err, alerting.ErrNoIncident) && p.numbered(ctx, w, r):
		return
	case errors.Is(err, alerting.ErrNoIncident):
		p.missing(w, r, "There is no incident with this ID or number. It may be older than what is kept.")
		return
	case err != nil:
		p.unavailable(w, r, err)
		return
	}
	beside := brevity{title: in.Title, scope: in.Scope, since: in.StartedAt}
	page := incidentPage{
		frame: p.frame(fmt.Sprintf("incident %s %s", clip(in.Number()), in.State)), Row: incidentRowOf(in),
		Milestones: milestones(in), Evidence: evidenceFacts(in.Rule, in.Evidence), Advice: adviceOnIncident(in), Timeline: timelineOf(entries, beside),
	}
	page.Row.Evidence.Text = brevity{scope: in.Scope, since: in.Evidence.From}.shorten(in.Evidence.Text)
	page.Members, page.MoreMembers = membersOf(in)
	page.Refresh, page.Toggle = p.refreshing(r)
	p.render(w, r, http.StatusOK, "incident", page)
}

const (
	numberBytes = 6    // of an incident's short number
	maxNumbered = 1000 // a number is looked for among the newest so many, as the API does
)

// numbered answers for an ID that is the short number of an incident, as it
// stands in messages: it leads to its page. It reports whether it answered.
func (p *pages) numbered(ctx context.Context, w http.ResponseWriter, r *http.Request) bool {
	number := strings.ToLower(r.PathValue("id"))
	if len(number) != numberBytes {
		return false
	}
	list, err := p.src.Incidents(ctx, alerting.IncidentFilter{Limit: maxNumbered})
	if err != nil {
		p.unavailable(w, r, err)
		return true
	}
	list = slices.DeleteFunc(slices.Clone(list), func(in alerting.Incident) bool { return in.Number() != number })
	switch len(list) {
	case 0:
		return false
	case 1:
		to := "/incidents/" + escapeID(list[0].ID)
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, to, http.StatusFound)
	default:
		p.missing(w, r, "Several incidents have this number: the list of incidents leads to each.")
	}
	return true
}
