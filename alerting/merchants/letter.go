package merchants

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// Letter is a mail to a merchant. All three are for the same reader: Text says
// what HTML shows.
type Letter struct {
	Subject string // one line
	Text    string
	HTML    string // complete; nothing is fetched from anywhere
}

// Word words the facts of a notice of kind merchant, [alerting.Facts] as JSON.
// What it does not know it does not say; a language or zone that it does not
// know is English or UTC. It returns an error when the facts cannot be read.
// It is pure and safe for concurrent use.
func Word(facts json.RawMessage) (Letter, error) {
	var f alerting.Facts
	if err := json.Unmarshal(facts, &f); err != nil {
		return Letter{}, fmt.Errorf("read facts: %w", err)
	}
	p := newPage(f)
	html, err := p.html()
	return Letter{Subject: p.Subject, Text: p.text(), HTML: html}, err
}

// page is all that a mail says, in one order for the text and its HTML twin.
// Its strings are clean; none is escaped.
type page struct {
	Language string
	Class    string // picks the colour: bad, watch, good
	Subject  string
	Headline string
	Hello    string
	Opening  []string
	Sections []section
	Closing  string
	Footer   []string
}

// section is a list below a heading; its items are numbered where their order
// matters.
type section struct {
	Heading  string
	Numbered bool
	Items    []item
}

// item is a sentence, with a name before it where it is about one endpoint.
type item struct{ Name, Text string }

// The classes of a mail.
const (
	classBad   = "bad"
	classWatch = "watch"
	classGood  = "good"
)

// Bounds of what a mail lists.
const (
	mostEndpoints = 10
	mostActions   = 3
)

func newPage(f alerting.Facts) page {
	v := newVoice(f)
	s := newStory(f)
	p := page{Language: v.Language, Class: s.class(), Hello: v.hello(f), Footer: v.footer(f)}
	p.Headline = v.headline(s)
	p.Subject = v.Tag + " " + p.Headline + v.clock(cmp.Or(s.until, s.since))
	p.Opening = v.opening(s)
	for _, part := range []section{
		{Heading: v.SeenHead, Items: v.seen(s)}, {Heading: v.DoHead, Numbered: true, Items: v.actions(s)}, {Heading: v.EventsHead, Items: v.events(s)},
	} {
		if len(part.Items) > 0 {
			p.Sections = append(p.Sections, part)
		}
	}
	if s.phase != phaseOver {
		p.Closing = v.Closing
	}
	return p
}

// phase is how far an incident has come for its merchant.
type phase int

const (
	phaseOpen phase = iota
	phaseWell       // it works again, and is being watched
	phaseOver
)

// story is what the facts say of the merchant's own endpoints.
type story struct {
	facts     alerting.Facts
	phase     phase
	total     int        // endpoints, also those that the notice does not list
	endpoints []endpoint // those that are bad, or were when it is over; worst and oldest first
	since     time.Time  // when the first of them began to be
	until     time.Time  // when it was over; zero: it is not
}

// endpoint is one of them.
type endpoint struct {
	id      string
	trouble trouble
	since   time.Time
}

func newStory(f alerting.Facts) story {
	s := story{facts: f}
	switch {
	case f.State != "" && !f.State.Live():
		s.phase, s.until = phaseOver, cmp.Or(f.WellSince(), f.At)
	case f.State == alerting.StateRecovering:
		s.phase, s.until = phaseWell, f.RecoveringAt
	}
	for _, m := range f.Members {
		kind, id := m.Scope.Split()
		if kind != rules.ScopeEndpoint || s.phase == phaseOpen && !m.Open {
			continue
		}
		e := endpoint{clean(id), troubleOf(m.Rule, m.Fault), m.Since}
		switch i := slices.IndexFunc(s.endpoints, func(o endpoint) bool { return o.id == e.id }); {
		case i < 0:
			s.endpoints = append(s.endpoints, e)
		case e.trouble < s.endpoints[i].trouble: // the one that says more
			s.endpoints[i].trouble = e.trouble
		}
	}
	if s.phase == phaseWell && s.worst().mild() {
		s.phase, s.until = phaseOpen, time.Time{} // it took webhooks all the time
	}
	s.total = max(len(s.endpoints), f.About.Endpoints)
	s.since = f.StartedAt
	if len(s.endpoints) > 0 {
		s.since = slices.MinFunc(s.endpoints, func(a, b endpoint) int { return a.since.Compare(b.since) }).since
	}
	return s
}

func (s story) class() string {
	switch {
	case s.phase == phaseOver:
		return classGood
	case s.phase == phaseWell || s.worst().mild():
		return classWatch
	default:
		return classBad
	}
}

// worst is the trouble that the headline is about.
func (s story) worst() trouble {
	if len(s.endpoints) == 0 {
		return troubleOther
	}
	return slices.MinFunc(s.endpoints, func(a, b endpoint) int { return int(a.trouble) - int(b.trouble) }).trouble
}

// name is the endpoint when there is one; empty for none or many.
func (s story) name() string {
	if len(s.endpoints) != 1 {
		return ""
	}
	return s.endpoints[0].id
}

// filled puts values into the places of a sentence: "{name}" and so on.
func filled(sentence string, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(sentence)
}
