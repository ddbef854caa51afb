package digest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// entry words one endpoint. What is well is said in fewer words.
func (v voice) entry(f Facts, e Endpoint, strip bool) entry {
	need := f.need(e)
	x := entry{Name: clean(e.ID, longName), URL: shown(e.URL), Word: v.badge(f, e), Class: need}
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
	add(v.Available, v.available(e))
	add(v.Answers, v.answers(e))
	if need != OK {
		add(v.Failures, v.failures(e.Faults))
		add(v.LastFailure, v.lastFailure(f, e))
	}
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
		return append([]string{first}, rowLines(clock)...)
	}
	if ratio, known := e.Availability(); known {
		first += ", " + fmt.Sprintf(v.AvailableFor, v.ratio(ratio))
	}
	list := []string{first}
	if x.URL != "" {
		list = append(list, x.URL)
	}
	rows := clock
	if e.slow() {
		rows = append(rows, row{v.Answers, v.answers(e)})
	}
	if len(e.Faults) > 0 {
		rows = append(rows, row{v.Failures, v.failures(e.Faults)})
	}
	if last := v.lastFailure(f, e); last != "" {
		rows = append(rows, row{v.LastFailure, last})
	}
	if e.Certificate.need(f.AsOf()) != OK {
		rows = append(rows, row{v.Certificate, v.certificate(e.Certificate, f.AsOf())})
	}
	list = append(list, rowLines(rows)...)
	if len(x.Strip) > 0 {
		list = append(list, x.stripLine())
	}
	return list
}

// badge is the state in a word. What failed and is over is told as that: the
// state "failing" follows late. So is little data: "healthy" would promise too
// much.
func (v voice) badge(f Facts, e Endpoint) string {
	switch {
	case e.recovered(f.Window):
		return v.HadFailures
	case e.State == rules.StateHealthy && f.thin(e) && !f.troubled(e):
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

// lastFailure says between which times the last one was when all is over; empty
// when nothing is.
func (v voice) lastFailure(f Facts, e Endpoint) string {
	if _, over := e.over(f.Window); !over {
		return ""
	}
	from, to := e.part(f.Window, e.lastBad())
	return v.recent(v.Between, Window{from, to}, f.AsOf())
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

func (v voice) available(e Endpoint) string {
	ratio, known := e.Availability()
	if !known {
		return v.Unwatched
	}
	return fmt.Sprintf(v.Watched, v.ratio(ratio), v.length(e.Covered))
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
	if c.Fault != "" && c.Verdict != certificate.OK {
		list = append(list, clean(string(c.Fault), longName))
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
