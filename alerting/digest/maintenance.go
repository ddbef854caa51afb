package digest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// mostSpans bounds how many times of planned work one line tells.
const mostSpans = 4

// spans are the planned work of an endpoint in what the facts tell: in order,
// without overlap, none of it after they are true.
func (f Facts) spans(e Endpoint) []Window {
	told := alerting.Span{From: f.Window.Start, Until: f.until()}
	var list []alerting.Span
	for _, w := range e.Maintenance {
		if s, ok := (alerting.Span{From: w.Start, Until: w.End}).Within(told); ok {
			list = append(list, s)
		}
	}
	var spans []Window
	for _, s := range alerting.Joined(list) {
		spans = append(spans, Window{s.From, s.Until})
	}
	return spans
}

// maintained is how long the work of an endpoint took.
func (f Facts) maintained(e Endpoint) (sum time.Duration) {
	for _, w := range f.spans(e) {
		sum += w.Length()
	}
	return sum
}

// watchable is how much of the time an endpoint was to be watched: planned work
// is not counted.
func (f Facts) watchable(e Endpoint) time.Duration { return f.elapsed() - f.maintained(e) }

// planned reports whether nothing is known of an endpoint because all of the
// time was planned work.
func (f Facts) planned(e Endpoint) bool {
	return e.unseen() && f.elapsed() > 0 && f.watchable(e) <= 0
}

// bad reports whether the state says that deliveries fail. In planned work that
// was to be expected, and where nothing failed in the window, the ratio is that
// of attempts before it, or after.
func (e Endpoint) bad() bool {
	return (e.State == rules.StateDown || e.State == rules.StateFailing && (e.First.Failed > 0 || len(e.Faults) > 0)) && !e.InMaintenance
}

// together returns the planned work that all endpoints have alike; none when
// they differ, or there is none.
func (f Facts) together() []Window {
	if len(f.Endpoints) == 0 {
		return nil
	}
	spans := f.spans(f.Endpoints[0])
	for _, e := range f.Endpoints[1:] {
		if !slices.EqualFunc(spans, f.spans(e), func(a, b Window) bool { return a.Start.Equal(b.Start) && a.End.Equal(b.End) }) {
			return nil
		}
	}
	return spans
}

// plannedLine says for all endpoints when planned work was not counted; empty:
// there was none, or it is said of each.
func (v voice) plannedLine(f Facts) string {
	spans := f.together()
	if len(spans) == 0 {
		return ""
	}
	return fmt.Sprintf(v.PlannedLine, v.times(f, spans))
}

// plannedRow says the same of one endpoint; empty: there was none, or it is
// said above.
func (v voice) plannedRow(f Facts, e Endpoint) string {
	spans := f.spans(e)
	if len(spans) == 0 || len(f.together()) > 0 {
		return ""
	}
	return fmt.Sprintf(v.PlannedRow, v.times(f, spans))
}

// plannedRows is plannedRow as it stands among others.
func (v voice) plannedRows(f Facts, e Endpoint) []row {
	text := v.plannedRow(f, e)
	if text == "" {
		return nil
	}
	return []row{{v.Planned, text}}
}

// times are spans as times of day, with the day where the window has several.
func (v voice) times(f Facts, spans []Window) string {
	var list []string
	for _, w := range spans[:min(len(spans), mostSpans)] {
		text := v.brief(w)
		if start := w.Start.In(v.zone); f.Window.Length() > day && !w.dated() {
			text = fmt.Sprintf("%d %s %s", start.Day(), v.Months[start.Month()-1], text)
		}
		list = append(list, text)
	}
	if more := len(spans) - len(list); more > 0 {
		list = append(list, fmt.Sprintf(v.More, more))
	}
	return strings.Join(list, ", ")
}
