package digest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// tableOf takes the first rows of a list, and says how many there are besides.
// row gives the cells of one, and the same as a line.
func tableOf[T any](v voice, list []T, row func(T) ([]string, string)) table {
	var t table
	for _, one := range list[:min(len(list), mostRows)] {
		cells, line := row(one)
		t.Rows, t.Lines = append(t.Rows, cells), append(t.Lines, line)
	}
	return t.less(v, len(list)-len(t.Rows))
}

// under gives a table its title and the names of its columns.
func (t table) under(title string, head ...string) table {
	t.Title, t.Head = title, head
	return t
}

// sorted says by what the rows are sorted where the ratios that they show do
// not.
func (t table) sorted(note string, shown []Count) table {
	if !slices.IsSortedFunc(shown, func(a, b Count) int {
		x, _ := a.Ratio()
		y, _ := b.Ratio()
		return cmp.Compare(math.Round(float64(y)*1e3), math.Round(float64(x)*1e3)) // to a tenth of a percent
	}) {
		t.Note = note
	}
	return t
}

// firsts are the counts that a table shows.
func firsts[T any](list []T, first func(T) Count) []Count {
	var counts []Count
	for _, one := range list[:min(len(list), mostRows)] {
		counts = append(counts, first(one))
	}
	return counts
}

// less says how many rows are left out.
func (t table) less(v voice, more int) table {
	if more > 0 {
		t.More = fmt.Sprintf(v.More, more)
	}
	return t
}

// incidents lists those of the window, and says plainly which were our fault.
func (v voice) incidents(f Facts) table {
	now, list := f.AsOf(), f.Incidents
	if f.Kind == KindPlatform {
		list = liveFirst(list)
	}
	return tableOf(v, list, func(i Incident) ([]string, string) {
		v := v.alike(i.Opened, i.Resolved)
		title, severity, ours := v.incident(i), "", ""
		if f.Kind == KindPlatform { // operators know the words, and whom they wake
			title, severity = v.operators(i), alerting.Line(string(i.Severity), longName)
		}
		resolved, ran := v.Running, joined(v.since(i.Opened, now), v.Running)
		switch {
		case i.Resolved.IsZero():
		case i.Opened.IsZero():
			resolved, ran = v.moment(i.Resolved), v.near(i.Resolved, now)
		default:
			resolved, ran = v.moment(i.Resolved), v.recent(v.FromTo, Window{i.Opened, i.Resolved}, now)
		}
		if i.StillFails {
			resolved, ran = joined(resolved, v.StillFails), joined(ran, v.StillFails)
		}
		switch {
		case i.Maintenance:
			ours = v.InMaintenance
		case i.Ours && f.Kind != KindPlatform: // operators know whose side that is
			ours = v.Ours
		}
		return []string{title, severity, v.moment(i.Opened), resolved, ours}, title + " (" + joined(severity, ran, ours) + ")"
	}).under(v.Incidents, v.Title, v.Severity, v.Opened, v.Resolved, v.OursLabel)
}

// since is a beginning, empty for none.
func (v voice) since(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return v.near(t, now)
}

// joined joins what is not empty.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// lineOf says about a name what is not empty.
func lineOf(name string, parts ...string) string {
	if s := joined(parts...); s != "" {
		return name + ": " + s
	}
	return name
}

// of names something with whom it belongs to.
func of(name, owner string) string {
	if owner == "" || owner == name {
		return name
	}
	return name + " (" + owner + ")"
}

// parts lists the windows of a merged digest.
func (v voice) parts(f Facts) table {
	if len(f.Parts) < 2 {
		return table{}
	}
	t := table{Title: v.Parts, Head: []string{v.Window, v.VerdictLabel, v.FailingLabel, v.FirstLabel, v.CoverLabel}}
	for _, p := range f.Parts[:min(len(f.Parts), 2*mostMerged)] {
		data, failing := v.lengthOf(p.Covered, p.Window.Length()), ""
		if p.Failing > 0 {
			failing = fmt.Sprintf(v.FailingAre, p.Failing)
		}
		verdict := v.verdict(p.Verdict)
		line := joined(verdict, v.failed(p.First), failing, fmt.Sprintf(v.DataFor, data))
		if p.Covered <= 0 && p.First.Total <= 0 {
			verdict = v.States[string(rules.StateNoData)]
			line = verdict
		}
		t.Rows = append(t.Rows, []string{v.span(p.Window), verdict, strconv.Itoa(p.Failing), v.failed(p.First), data})
		t.Lines = append(t.Lines, v.span(p.Window)+": "+line)
	}
	return t
}

// nonzero words the counts that say something, one format each.
func nonzero[T int | string](formats []string, counts ...T) string {
	var zero T
	var parts []string
	for i, n := range counts {
		if n != zero {
			parts = append(parts, fmt.Sprintf(formats[i], n))
		}
	}
	return joined(parts...)
}
