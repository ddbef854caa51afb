package merchants

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

// forms are a sentence for one and for many.
type forms [2]string

func (f forms) of(n int) string {
	if n == 1 {
		return f[0]
	}
	return f[1]
}

// words is one language. Places are written {name}.
type words struct {
	Language string
	Months   [12]string

	Tag                      string
	Bad, Well, Over          string   // headlines about one endpoint: {name}
	BadMany, WellMany        string   // about {n}
	OverMany                 string   //
	Mild                     [3]forms // headlines of what is mild: expiring, slow, loss; {name}, {n}
	MildOver                 forms    //
	HelloName, Hello         string
	BadSince, BadManySince   string // {name} {since}
	MildSince, MildManySince string // {name} {since}
	WellSince, OverSince     string // {name} {until} {since}
	WellManySince            string
	OverManySince            string
	Lasted                   string // {length}
	OurSide                  string
	SeenHead, DoHead         string
	EventsHead               string
	SeenSince                string // {text} {since}
	More                     string // {n}
	Seen, Do                 [troubles]string
	ByCause                  map[rules.Cause]string // what to do, where the cause says more than the trouble
	DoBefore                 forms                  // {n} {when}
	DoAsk                    forms                  // {n}
	DoUndo                   string
	Waits, WaitsAgain        forms // {n}
	Risk                     forms // {n} {when}
	Lost                     forms // {n}
	ComesBack, MustAsk       string
	Closing                  string
	FooterName, FooterNobody string // {name}
	Reference                string // {number}
	Hours, Minutes, Seconds  string // {n}
}

// voice says times in one language and zone.
type voice struct {
	words
	zone *time.Location
}

// newVoice falls back to English, and to UTC, so that there is always a mail.
func newVoice(f alerting.Facts) voice {
	v := voice{words: english(), zone: time.UTC}
	if f.About.Language == "id" {
		v.words = indonesian()
	}
	if zone, err := time.LoadLocation(f.About.Zone); err == nil && f.About.Zone != "" && f.About.Zone != "Local" {
		v.zone = zone
	}
	return v
}

// when is a moment in the merchant's zone, with UTC beside where that is
// another: "11 Nov 2023 21:48 WIB (14:48 UTC)". Empty for none.
func (v voice) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	local, utc := t.In(v.zone), t.UTC()
	s := v.date(local) + " " + local.Format("15:04") + " " + zoneName(local)
	if _, offset := local.Zone(); offset == 0 {
		return s
	}
	beside := utc.Format("15:04") + " UTC"
	if v.date(utc) != v.date(local) {
		beside = v.date(utc) + " " + beside
	}
	return s + " (" + beside + ")"
}

// clock is the time of day for a subject: it tells the mails of two incidents,
// and of one that is bad again, apart. Empty for none.
func (v voice) clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	local := t.In(v.zone)
	return " (" + local.Format("15:04") + " " + zoneName(local) + ")"
}

func (v voice) date(t time.Time) string {
	return fmt.Sprintf("%d %s %d", t.Day(), v.Months[t.Month()-1], t.Year())
}

// zoneName names the zone as it is at t: "WIB", "UTC", "UTC+05:45".
func zoneName(t time.Time) string {
	name, offset := t.Zone()
	if name != "" && !strings.ContainsAny(name[:1], "+-") {
		return name
	}
	sign := "+"
	if offset < 0 {
		sign, offset = "-", -offset
	}
	return fmt.Sprintf("UTC%s%02d:%02d", sign, offset/3600, offset/60%60)
}

// length is a span in its two greatest units.
func (v voice) length(d time.Duration) string {
	unit := func(format string, n time.Duration) string { return filled(format, "{n}", strconv.Itoa(int(n))) }
	h, m := d/time.Hour, d%time.Hour/time.Minute
	switch {
	case h > 0 && m > 0:
		return unit(v.Hours, h) + " " + unit(v.Minutes, m)
	case h > 0:
		return unit(v.Hours, h)
	case m > 0:
		return unit(v.Minutes, m)
	default:
		return unit(v.Seconds, max(d, 0)/time.Second)
	}
}

func (v voice) hello(f alerting.Facts) string {
	if name := clean(cmp.Or(f.About.MerchantName, f.Merchant)); name != "" {
		return filled(v.HelloName, "{name}", name)
	}
	return v.Hello
}

func (v voice) footer(f alerting.Facts) []string {
	list := []string{v.FooterNobody}
	if name := clean(cmp.Or(f.About.MerchantName, f.Merchant)); name != "" {
		list[0] = filled(v.FooterName, "{name}", name)
	}
	if number := clean(f.Number); number != "" {
		list = append(list, filled(v.Reference, "{number}", number))
	}
	return list
}

// headline is what is so, in one line.
func (v voice) headline(s story) string {
	n, name, worst := s.total, s.name(), s.worst()
	one, many := v.Bad, v.BadMany
	switch {
	case s.phase == phaseOver && worst.mild():
		one, many = v.MildOver[0], v.MildOver[1]
	case s.phase == phaseOver:
		one, many = v.Over, v.OverMany
	case worst.mild():
		f := v.Mild[worst-troubleExpiring]
		one, many = f[0], f[1]
	case s.phase == phaseWell:
		one, many = v.Well, v.WellMany
	}
	if name != "" {
		return filled(one, "{name}", name)
	}
	return filled(many, "{n}", strconv.Itoa(max(n, 1)))
}

// opening says how it stands, since when.
func (v voice) opening(s story) []string {
	name, mild := s.name(), s.worst().mild()
	places := []string{"{name}", name, "{n}", strconv.Itoa(max(s.total, 1)), "{since}", v.when(s.since), "{until}", v.when(s.until)}
	pick := func(one, many string) string {
		if name == "" {
			return filled(many, places...)
		}
		return filled(one, places...)
	}
	var list []string
	switch {
	case s.since.IsZero():
	case s.phase == phaseOver && !s.until.IsZero():
		list = append(list, pick(v.OverSince, v.OverManySince)+" "+filled(v.Lasted, "{length}", v.length(s.until.Sub(s.since))))
	case mild:
		list = append(list, pick(v.MildSince, v.MildManySince))
	case s.phase == phaseWell && !s.until.IsZero():
		list = append(list, pick(v.WellSince, v.WellManySince))
	default:
		list = append(list, pick(v.BadSince, v.BadManySince))
	}
	if s.facts.Doubt != "" && s.phase == phaseOpen {
		list = append(list, v.OurSide)
	}
	return list
}

// seen is what we see of each endpoint.
func (v voice) seen(s story) []item {
	if s.phase != phaseOpen {
		return nil
	}
	var list []item
	for _, e := range s.endpoints[:min(len(s.endpoints), mostEndpoints)] {
		text := v.Seen[e.trouble]
		if len(s.endpoints) > 1 {
			text = filled(v.SeenSince, "{text}", text, "{since}", v.when(e.since))
		}
		list = append(list, item{e.id, text})
	}
	if more := s.total - len(list); more > 0 {
		list = append(list, item{Text: filled(v.More, "{n}", strconv.Itoa(more))})
	}
	return list
}

// actions are the things to do, at most three, the most pressing first.
func (v voice) actions(s story) []item {
	var list []item
	a := s.facts.About
	if s.phase == phaseOpen {
		list = append(list, v.remedies(s)...)
		if a.AtRisk > 0 && !a.NextLoss.IsZero() && !s.worst().mild() {
			list = append(list, item{Text: filled(v.DoBefore.of(a.AtRisk), "{n}", strconv.Itoa(a.AtRisk), "{when}", v.when(a.NextLoss))})
		}
	}
	if a.Lost > 0 {
		list = append(list, item{Text: filled(v.DoAsk.of(a.Lost), "{n}", strconv.Itoa(a.Lost))})
	}
	if s.phase == phaseOpen && !s.worst().mild() {
		list = append(list, item{Text: v.DoUndo})
	}
	return list[:min(len(list), mostActions)]
}

// remedies is what helps: for one endpoint what is known of its cause, for many
// what helps against their two worst troubles.
func (v voice) remedies(s story) []item {
	if s.name() != "" || len(s.endpoints) == 0 {
		return []item{{Text: v.remedy(s)}}
	}
	var list []item
	for t := range troubles {
		i := slices.IndexFunc(s.endpoints, func(e endpoint) bool { return e.trouble == t })
		if i >= 0 && len(list) < mostActions-1 {
			list = append(list, item{s.endpoints[i].id, v.Do[t]})
		}
	}
	return list
}

// events is what waits, what comes by itself, and what must be asked for.
func (v voice) events(s story) []item {
	var list []item
	a := s.facts.About
	add := func(f forms, n int, more ...string) {
		if n > 0 {
			list = append(list, item{Text: filled(f.of(n), append(more, "{n}", strconv.Itoa(n))...)})
		}
	}
	if s.phase == phaseOpen {
		add(v.Waits, a.Waiting)
	} else {
		add(v.WaitsAgain, a.Waiting)
	}
	if !a.NextLoss.IsZero() {
		add(v.Risk, max(a.AtRisk, 1), "{when}", v.when(a.NextLoss))
	}
	add(v.Lost, a.Lost)
	if s.phase == phaseOver && a.Waiting == 0 && a.Lost == 0 && !s.worst().mild() {
		list = append(list, item{Text: v.ComesBack}, item{Text: v.MustAsk})
	}
	return list
}
