package email

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// table gathers rows; what is empty is not said.
type table struct{ rows []row }

func (t *table) add(name, value string) {
	if value = alerting.Line(value, longText); value != "" {
		t.rows = append(t.rows, row{name, value})
	}
}

// known is what is wrong: the line that this mail is about, and why we say so.
func known(f alerting.Facts) []row {
	var t table
	e := f.Evidence
	t.add("What happened", f.News())
	t.add("When", utc(f.At))
	evidence, counted := "Evidence", "Counts"
	if !live(f) { // they are those of the time when it was not
		evidence, counted = "Seen then", "Counts then"
	}
	if e.Text != "" && !strings.Contains(f.Happened, e.Text) {
		t.add(evidence, e.Text)
	}
	t.add(counted, counts(f.Rule, e))
	t.add("Most of it", e.Where.Name())
	if live(f) { // else what would clear it is done
		t.add("What clears it", e.Clears)
	}
	return t.rows
}

// where is what filters and pages know it by.
func where(f alerting.Facts) []row {
	var t table
	t.add("Merchant", merchant(f))
	t.add("Scope", string(f.Scope))
	t.add("Host", f.About.Host)
	t.add("Rule", string(f.Rule))
	return t.rows
}

func toDo(f alerting.Facts) []row {
	var t table
	t.add("Cause", f.About.Why)
	if live(f) && f.State != alerting.StateRecovering {
		t.add("Advice", f.About.Advice)
	}
	if n := f.About.Lost; n > 0 {
		t.add("By hand", "send again what is lost: "+count(n, "event", "events"))
	}
	return t.rows
}

// costs is the blast radius and the loss clock.
func costs(f alerting.Facts) []row {
	var t table
	a := f.About
	var parts []string
	if a.Endpoints > 0 {
		parts = append(parts, count(a.Endpoints, "endpoint", "endpoints"))
	}
	if a.Merchants > 0 {
		parts = append(parts, count(a.Merchants, "merchant", "merchants"))
	}
	if live(f) {
		t.add("Bad now", strings.Join(parts, " of "))
	}
	t.add("Share", share(f))
	if a.Waiting > 0 {
		t.add("Waiting", count(a.Waiting, "event waits", "events wait")+" for a retry")
	}
	t.add("Loss clock", lossClock(a))
	if a.Lost > 0 {
		t.add("Lost", count(a.Lost, "event", "events")+" had the last automatic try, and were not delivered")
	}
	return t.rows
}

// share is how much of it fails, in percent.
func share(f alerting.Facts) string {
	var parts []string
	if f.Share > 0 && live(f) {
		parts = append(parts, percent(f.Share)+" now")
	}
	if f.PeakShare > 0 {
		parts = append(parts, percent(f.PeakShare)+" at worst")
	}
	return strings.Join(parts, ", ")
}

func percent(share float64) string { return rules.Ratio(min(max(share, 0), 1)).Short() }

// lossClock says how long there is.
func lossClock(a alerting.About) string {
	switch {
	case a.AtRisk > 0 && !a.NextLoss.IsZero():
		return fmt.Sprintf("%s the last automatic try within 6 h, the first at %s", count(a.AtRisk, "event gets", "events get"), utc(a.NextLoss))
	case a.AtRisk > 0:
		return count(a.AtRisk, "event gets", "events get") + " the last automatic try within 6 h"
	case !a.NextLoss.IsZero():
		return "the first event gets its last automatic try at " + utc(a.NextLoss)
	default:
		return ""
	}
}

// held is what the summary of a storm stands for, the worst first.
func held(f alerting.Facts) []row {
	var t table
	for _, h := range f.Held {
		w := h.Words(alerting.Line, longName, longName)
		name := "Notice"
		if h.Number != "" {
			name = "#" + w.Name
		}
		t.add(name, join("  ", w.What(), w.URL))
	}
	t.add("And", f.HeldRest())
	return t.rows
}

// join puts sep between what is not empty.
func join(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}

// course is how it went, in the order of time.
func course(f alerting.Facts) []row {
	var t table
	t.add("Began", utc(f.StartedAt))
	t.add("Opened", utc(f.OpenedAt))
	t.add("Acknowledged", signed(f.AcknowledgedAt, f.AcknowledgedBy))
	t.add("First fix", utc(f.MitigatedAt))
	t.add("Recovering", utc(f.RecoveringAt))
	if !f.ResolvedAt.IsZero() {
		t.add("Resolved", signed(f.ResolvedAt, cmp.Or(f.ResolvedBy, "the rules")))
		t.add("Lasted", lasted(f))
	}
	if len(t.rows) == 1 {
		return nil // the headline says it
	}
	return t.rows
}

func signed(at time.Time, by string) string {
	if by == "" || at.IsZero() {
		return utc(at)
	}
	return utc(at) + " by " + by
}

// lasted is how long it was broken: "1h12m", "42m", "50s".
func lasted(f alerting.Facts) string {
	start := f.StartedAt
	if start.IsZero() {
		start = f.OpenedAt
	}
	if start.IsZero() || f.WellSince().Before(start) {
		return ""
	}
	s := alerting.Between(start, f.WellSince()).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// counts puts the numbers before the ratio that they make. What they count is
// said by the text of the evidence: failures, duplicates, events that wait.
func counts(rule rules.Rule, e rules.Evidence) string {
	if e.Denominator <= 0 {
		return ""
	}
	s := fmt.Sprintf("%d of %d%s (%s)", e.Numerator, e.Denominator, counted(rule), (rules.Ratio(float64(e.Numerator) / float64(e.Denominator))).Short())
	if e.Threshold > 0 {
		s += ", threshold " + e.Threshold.Short()
	}
	if e.Baseline > 0 {
		s += ", ordinary " + e.Baseline.Short()
	}
	if !e.From.IsZero() && !e.To.IsZero() {
		s += ", from " + utc(e.From) + " to " + utc(e.To)
	}
	return s
}

// counted says what a rule counts, and as what; nothing where its evidence
// says it alone.
func counted(rule rules.Rule) string {
	switch rule {
	case rules.RuleEndpointDown:
		return " probes failed"
	case rules.RulePlatformErrorRatio, rules.RuleProductErrorRatio, rules.RuleChannelErrorRatio, rules.RuleTypeErrorRatio, rules.RuleMerchantErrorRatio:
		return " first attempts failed"
	case rules.RuleEndpointSlow:
		return " answers were slow"
	default:
		return ""
	}
}
