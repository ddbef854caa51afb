package grafana

import "maps"

// Units as Grafana names them.
const (
	unitNone    = "none"
	unitCount   = "short"
	unitSeconds = "s"
	unitBytes   = "bytes"
	unitRatio   = "percentunit"
	unitRate    = "cps" // a second
	unitCores   = "short"
)

// Colours of states, everywhere the same. They never stand alone: the word is
// always beside them.
const (
	green  = "green"
	yellow = "yellow"
	orange = "orange"
	red    = "red"
	blue   = "blue"
	grey   = "text"
)

// question is what a panel answers.
type question struct {
	title   string // the question's noun
	doc     string // what it says, and what to do when it is bad
	runbook string // page of docs/runbooks, without .md; empty: none
	unit    string
	queries []query
	limits  []limit           // where colours change; none: nothing is bad by itself
	lowest  string            // colour below all limits; empty: green, or grey without limits
	none    string            // shown in place of no answer
	words   map[string]string // legend to colour, for closed sets
	most    float64           // top of the axis; 0: as high as the values
	share   int               // columns of 24; 0: what the kind of panel takes
	stacked bool
	named   bool // a stat shows its legend, not its value
	below   bool // values may lie below 0
}

// query is one expression of PromQL and what its series are called.
type query struct{ expr, legend string }

// limit is the value from which on a colour holds.
type limit struct {
	from  float64
	color string
}

// ask is a question with one query.
func ask(expr, legend string) []query { return []query{{expr, legend}} }

// over is good below warn, and bad from page on.
func over(warn, page float64) []limit { return []limit{{warn, orange}, {page, red}} }

// anyIsBad colours everything but 0.
func anyIsBad() []limit { return []limit{{0.000001, red}} }

// source is the data source that is chosen at the top of each dashboard.
func source() *Source { return &Source{Type: "prometheus", UID: "${datasource}"} }

// panel makes what all kinds have in common.
func (q question) panel(kind string, size Grid) Panel {
	p := Panel{
		Type: kind, Title: q.title, Description: q.doc, GridPos: size, Datasource: source(),
		FieldConfig: &FieldConfig{Defaults: q.field(), Overrides: q.colours()},
	}
	if q.share > 0 {
		p.GridPos.W = q.share
	}
	if q.runbook != "" {
		p.Links = []Link{pageLink("Runbook", q.runbook)}
	}
	return p
}

func (q question) field() Field {
	zero := 0.0
	f := Field{Unit: q.unit, NoValue: q.none, Color: Color{Mode: "thresholds"}, Thresholds: &Thresholds{Mode: "absolute"}}
	if !q.below {
		f.Min = &zero
	}
	if q.most > 0 {
		f.Max = &q.most
	}
	first := q.lowest
	switch {
	case first != "":
	case len(q.limits) == 0:
		first = grey
	default:
		first = green
	}
	f.Thresholds.Steps = []Step{{Color: first}}
	for _, l := range q.limits {
		f.Thresholds.Steps = append(f.Thresholds.Steps, Step{Color: l.color, Value: &l.from})
	}
	return f
}

// colours gives every word of a closed set its colour.
func (q question) colours() []Override {
	list := []Override{}
	for _, w := range sortedKeys(q.words) {
		list = append(list, Override{
			Matcher:    Matcher{ID: "byName", Options: w},
			Properties: []Property{{ID: "color", Value: Color{Mode: "fixed", Fixed: q.words[w]}}},
		})
	}
	return list
}

// now asks for the present alone, ranged for the whole time shown.
func (q question) now(format string) []Target    { return q.targets(format, true) }
func (q question) ranged(format string) []Target { return q.targets(format, false) }

func (q question) targets(format string, instant bool) []Target {
	var list []Target
	for i, one := range q.queries {
		list = append(list, Target{
			RefID: string(rune('A' + i)), Datasource: source(), Expr: one.expr, LegendFormat: one.legend,
			Format: format, Instant: instant, Range: !instant, EditorMode: "code",
		})
	}
	return list
}

// stateWords are the colours of an endpoint's one word.
func stateWords() map[string]string {
	return map[string]string{
		"suspended": "dark-purple", "down": red, "failing": "semi-dark-red", "degraded": orange,
		"recovering": yellow, "healthy": green, "no_data": grey,
	}
}

func verdictWords() map[string]string {
	w := map[string]string{"ok": green, "warn": orange, "fail": red, "unknown": grey}
	maps.Copy(w, map[string]string{"healthy": green, "degraded": orange, "down": red, "blocked": "dark-purple"})
	return w
}

// digestWords are the colours of what became of a digest's window.
func digestWords() map[string]string {
	return map[string]string{
		"sent": green, "waiting": blue, "dead": red, "stale": orange, "merged": yellow, "skipped_green": "semi-dark-green", "suppressed": grey, "unknown": grey,
	}
}
