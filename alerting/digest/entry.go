package digest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// entry words one endpoint. What is well is said in fewer words.
func (v voice) entry(f Facts, e Endpoint, strip bool) entry {
	need := f.need(e)
	x := entry{Name: alerting.Line(e.ID, longName), URL: shown(e.URL), Word: v.badge(f, e), Class: need}
	if need == OK && e.State == rules.StateNoData {
		x.Class = Attention // in the first minutes nothing is to be done, and nothing is green
	}
	add := func(label, value string) {
		if value != "" {
			x.Rows = append(x.Rows, row{label, value})
		}
	}
	add(v.Deliveries, v.deliveries(e))
	clock := v.backlog(f, e.Backlog)
	x.Rows = append(x.Rows, clock...)
	add(v.Planned, v.plannedRow(f, e))
	add(v.Available, v.available(f, e))
	add(v.Answers, v.answers(e))
	if need != OK {
		add(v.Failures, v.failures(e.Faults))
	}
	add(v.WhenFailed, v.whenFailed(f, e))
	add(v.Certificate, v.certificate(e.Certificate, f.AsOf()))
	if strip && slices.ContainsFunc(e.Strip, func(c Count) bool { return c.Failed > 0 }) {
		x.Strip, x.StripTitle = cells(f.begun(e)), fmt.Sprintf(v.Strip, v.step(f.Window, len(e.Strip)), v.hour(f.Window.Start))
	}
	x.Short = v.short(f, e, x, clock)
	return x
}

// short says the same in as few lines as Slack has room for: one when all is
// well.
func (v voice) short(f Facts, e Endpoint, x entry, clock []row) []string {
	first := fmt.Sprintf("%s: %s, %s", x.Name, strings.ToUpper(x.Word), v.firstFailed(e.First))
	if x.Class == OK {
		return append([]string{first}, rowLines(append(v.plannedRows(f, e), clock...))...)
	}
	if ratio, known := e.Availability(); known {
		first += ", " + fmt.Sprintf(v.AvailableFor, v.ratio(ratio))
	}
	list := []string{first}
	if x.URL != "" {
		list = append(list, x.URL)
	}
	rows := append(v.plannedRows(f, e), clock...)
	if e.slow() {
		rows = append(rows, row{v.Answers, v.answers(e)})
	}
	if len(e.Faults) > 0 {
		rows = append(rows, row{v.Failures, v.failures(e.Faults)})
	}
	if when := v.whenFailed(f, e); when != "" {
		rows = append(rows, row{v.WhenFailed, when})
	}
	if e.Certificate.need(f.AsOf()) != OK {
		rows = append(rows, row{v.Certificate, v.certificate(e.Certificate, f.AsOf())})
	}
	return append(list, rowLines(rows)...)
}

// badge is the state in a word. What failed and is over is told as that: the
// state "failing" follows late. So is little data: "healthy" would promise too
// much.
func (v voice) badge(f Facts, e Endpoint) string {
	switch {
	case e.InMaintenance && e.State != rules.StateSuspended:
		return v.InMaintenance
	case e.recovered(f.Window), e.State == rules.StateHealthy && e.again(f.Window) && f.need(e) == Attention && e.shaky():
		return v.HadFailures
	case e.State == rules.StateHealthy && (f.thin(e) || e.unseen() && !f.early() && !f.planned(e)) && !f.troubled(e):
		return v.LittleData
	default:
		return v.state(e.State)
	}
}

// begun are the parts of the strip that have begun.
func (f Facts) begun(e Endpoint) []Count {
	for i := range e.Strip {
		if from, _ := e.part(f.Window, i); i > 0 && !from.Before(f.AsOf()) {
			return e.Strip[:i]
		}
	}
	return e.Strip
}

// whenFailed says between which times the first failures were, the most and the
// last, and whether that is over; empty: there were none.
// It is the strip in words.
func (v voice) whenFailed(f Facts, e Endpoint) string {
	strip := f.begun(e)
	first := slices.IndexFunc(strip, func(c Count) bool { return c.Failed > 0 })
	if first < 0 {
		return ""
	}
	last, most := (Endpoint{Strip: strip}).lastBad(), worstPart(strip)
	at := func(format string, i int) string {
		return fmt.Sprintf(format, v.recent(v.Between, e.told(f.Window, i, last), f.AsOf()))
	}
	var list []string
	switch {
	case first == last:
		list = append(list, at("%s", first))
	case most == first:
		list = append(list, at(v.WhenFirstMost, first), at(v.WhenLast, last))
	case most == last:
		list = append(list, at(v.WhenFirst, first), at(v.WhenMostLast, last))
	case most < 0:
		list = append(list, at(v.WhenFirst, first), at(v.WhenLast, last))
	default:
		list = append(list, at(v.WhenFirst, first), at(v.WhenMost, most), at(v.WhenLast, last))
	}
	zone := " " + zoneName(f.AsOf().In(v.zone))
	for i := range list[:len(list)-1] {
		list[i] = strings.TrimSuffix(list[i], zone) // said once
	}
	_, over := e.over(f.Window)
	switch until := f.cleanUntil(e); {
	case over && until.IsZero():
		list = append(list, v.WhenNoneSince)
	case over:
		list = append(list, fmt.Sprintf(v.WhenNoneUntil, v.near(until, f.AsOf())))
	}
	return joined(list...)
}

// told is where a part of the strip lies, as it is told beside others up to the
// last: it ends where the next one begins.
func (e Endpoint) told(w Window, i, last int) Window {
	from, to := e.part(w, i)
	if i < last {
		if next, _ := e.part(w, i+1); next.After(from) {
			to = next
		}
	}
	return Window{from, to}
}

// worstPart is the part with more failures than any other; -1: none has.
func worstPart(strip []Count) int {
	most, twice := 0, false
	for i, c := range strip {
		switch {
		case i > 0 && c.Failed == strip[most].Failed:
			twice = true
		case c.Failed > strip[most].Failed:
			most, twice = i, false
		}
	}
	if twice {
		return -1
	}
	return most
}

func (v voice) deliveries(e Endpoint) string {
	if e.First.Total <= 0 {
		return v.NoAttempts
	}
	s := v.firstFailed(e.First) + "; " + fmt.Sprintf(v.Limit, v.ratio(limitRatio))
	if e.Before.Total >= fewCounted {
		s += "; " + fmt.Sprintf(v.Before, v.failed(e.Before))
	}
	return s
}

func (v voice) available(f Facts, e Endpoint) string {
	ratio, known := e.Availability()
	switch {
	case f.planned(e):
		return v.PlannedAll
	case !known && slices.ContainsFunc(e.Faults, func(f Fault) bool { return f.Looks > 0 }):
		return v.NeverWell
	case !known:
		return v.Unwatched
	}
	return fmt.Sprintf(v.Watched, v.ratio(ratio), v.length(min(e.Covered, f.elapsed()))) // a look counts until the next one, which may be ahead
}

func (v voice) answers(e Endpoint) string {
	if e.Answers <= 0 {
		return ""
	}
	s := fmt.Sprintf(v.AnswersAre, v.seconds(e.P50), v.seconds(e.P95), v.seconds(e.P99), v.seconds(e.deadline()))
	if e.unanswered() {
		return fmt.Sprintf(v.Answered, e.Answers, s)
	}
	return s
}

func (v voice) certificate(c *Certificate, now time.Time) string {
	if c == nil {
		return ""
	}
	var list []string
	if s := v.finding(c); s != "" {
		list = append(list, s)
	}
	switch left := c.NotAfter.Sub(now); {
	case c.NotAfter.IsZero():
	case left > 0:
		list = append(list, fmt.Sprintf(v.CertificateValid, v.moment(c.NotAfter), v.days(left)))
	default:
		list = append(list, fmt.Sprintf(v.CertificateEnded, v.moment(c.NotAfter)))
	}
	return strings.Join(list, "; ")
}

// The classes of a cell.
const (
	cellNone = "none"
	cellGood = "good"
	cellSome = "some"
	cellMost = "most"
)

// mostCells bounds the steps of a strip.
const mostCells = 48

func cells(strip []Count) []cell {
	var list []cell
	for _, c := range strip[:min(len(strip), mostCells)] {
		switch ratio, known := c.Ratio(); {
		case !known:
			list = append(list, cell{Class: cellNone})
		case c.Failed <= 0:
			list = append(list, cell{Class: cellGood})
		case ratio < 0.5:
			list = append(list, cell{cellSome, strconv.Itoa(c.Failed)})
		default:
			list = append(list, cell{cellMost, strconv.Itoa(c.Failed)})
		}
	}
	return list
}
