package digest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// page is all that a digest says, in one order for mail, text and Slack. Its
// strings are clean; none is escaped.
type page struct {
	Language string
	Subject  string
	Class    Verdict // picks colours
	Word     string  // the verdict
	Headline string
	Title    string
	Lines    []string // when, how much of it we saw, and what must be known

	StepsTitle string
	Steps      []step

	EntriesTitle string
	Entries      []entry
	EntriesMore  string

	Tables []table
	Footer []string
	Link   string
	Open   string // what the link is called
	Leave  string // where the reader ends these mails; empty: not here
	Leaves string // what that is called
}

type step struct{ Name, Text string }

// entry is one endpoint.
type entry struct {
	Name, URL, Word string
	Class           Verdict
	Rows            []row
	Strip           []cell
	StripTitle      string
	Short           []string // the same for Slack: one line for what is well
}

// row is a value with its label, or a sentence without one.
type row struct{ Label, Value string }

type cell struct {
	Class string // good, some, most, none
	Text  string // failures; empty: none
}

// table is a list whose first column names the line.
type table struct {
	Title string
	Head  []string
	Rows  [][]string
	Lines []string // the same to be read aloud, a line for each row
	Note  string   // by what the rows are sorted; empty: it shows
	More  string
}

// Bounds of what a digest lists.
const (
	mostEntries = 50
	mostStrips  = 20
	mostRows    = 20
)

// newPage words f, which has been judged. entries bounds the endpoints that it
// lists.
func newPage(f Facts, entries int) page {
	v := newVoice(f)
	p := page{
		Language: v.Language, Class: f.Verdict, Word: v.verdict(f.Verdict), Headline: v.headline(f),
		Title: v.soFar(f, v.title(f)), Lines: v.lines(f), StepsTitle: v.ToDo, EntriesTitle: v.Endpoints, Open: v.Link, Leaves: v.Leave,
		Link: alerting.Link(f.Footer.PublicURL, longLink), Footer: v.footer(f),
	}
	tag := v.Tag
	if f.Kind == KindPlatform {
		tag = v.PlatformTag
	}
	p.Subject = fmt.Sprintf("%s %s: %s (%s)", tag, p.Word, p.Headline, v.soFar(f, v.brief(f.Window)))
	if worst := v.worstRatio(f); worst != "" { // in the subject there is no room for it
		p.Headline += "; " + worst
	}
	for _, a := range f.Actions {
		p.Steps = append(p.Steps, step{alerting.Line(a.Endpoint, longName), v.advise(a, f.AsOf())})
	}
	for i, e := range f.Endpoints[:min(len(f.Endpoints), entries)] {
		p.Entries = append(p.Entries, v.entry(f, e, i < mostStrips))
	}
	if more := len(f.Endpoints) - len(p.Entries); more > 0 {
		p.EntriesMore = fmt.Sprintf(v.MoreEndpoints, more)
	}
	tables := append(v.platform(f), v.parts(f), v.incidents(f))
	if f.Kind == KindPlatform {
		tables = append([]table{v.incidents(f)}, append(v.platform(f), v.parts(f))...)
	}
	p.Tables = slices.DeleteFunc(tables, func(t table) bool { return len(t.Rows) == 0 })
	return p
}

func (v voice) verdict(w Verdict) string {
	switch w {
	case OK:
		return v.OK
	case Act:
		return v.Act
	default:
		return v.Attention
	}
}

func (v voice) title(f Facts) string {
	name := alerting.Line(cmp.Or(f.Name, f.Merchant), longName)
	switch f.Kind {
	case KindPlatform:
		return v.PlatformTitle
	case KindSummary:
		return fmt.Sprintf(v.SummaryTitle, name)
	default:
		return fmt.Sprintf(v.HealthTitle, name)
	}
}

func (v voice) lines(f Facts) []string {
	list := []string{v.span(f.Window)}
	if utc := v.utc(f.Window); utc != "" {
		list = append(list, fmt.Sprintf(v.AlsoUTC, utc))
	}
	if f.runs() {
		list = append(list, fmt.Sprintf(v.StillRuns, v.near(f.AsOf(), f.AsOf())))
	}
	list = append(list, v.covered(f))
	if !f.runs() && f.late() {
		list = append(list, fmt.Sprintf(v.MadeAt, v.near(f.Made, f.Made)))
	}
	if planned := v.plannedLine(f); planned != "" {
		list = append(list, planned)
	}
	if len(f.Parts) > 1 {
		list = append(list, fmt.Sprintf(v.Merged, len(f.Parts)))
	}
	if p := f.Platform; p != nil {
		list = append(list, v.totals(p, f.AsOf())...)
	}
	if note := alerting.Line(f.Note, longText); note != "" {
		list = append(list, note)
	}
	return list
}

// soFar adds to a title that its window still runs.
func (v voice) soFar(f Facts, title string) string {
	if !f.runs() {
		return title
	}
	return fmt.Sprintf(v.SoFar, title)
}

// covered says of how much of the window there is data.
func (v voice) covered(f Facts) string {
	is, not := v.Covered, v.NotCovered
	if f.runs() {
		is, not = v.CoveredSoFar, v.NotCoveredSoFar
	}
	switch {
	case f.Covered > 0:
	case f.counted():
		return v.Unprobed
	default:
		return not
	}
	return fmt.Sprintf(is, v.lengthOf(f.Covered, f.elapsed()), v.length(f.elapsed()))
}

func (v voice) footer(f Facts) []string {
	if f.Kind == KindPlatform {
		return []string{v.PlatformFooter}
	}
	list := []string{fmt.Sprintf(v.Footer, alerting.Line(cmp.Or(f.Name, f.Merchant), longName), v.Modes[cmp.Or(f.Footer.Mode, ModeEvery)])}
	if f.Kind == KindSummary {
		list = append(list, v.WeeklyFooter)
	}
	return append(list, v.ChangeIt)
}

func (v voice) state(w rules.Word) string {
	return cmp.Or(v.States[string(w)], alerting.Line(string(w), longName))
}
