package alerting

import (
	"maps"
	"reflect"
	"slices"
)

// decision collects what was touched, in a stable order: a replay must decide
// alike.
func (t *turn) decision() Decision {
	var d Decision
	ids := slices.Sorted(maps.Keys(t.incidents))
	for _, id := range ids {
		t.renamed(t.incidents[id])
		if len(t.lines[id]) > 0 {
			t.entitle(t.incidents[id])
		}
		t.owe(t.incidents[id])
	}
	for _, id := range ids {
		in := t.incidents[id]
		notices := t.notices(in)
		if len(notices) > 0 {
			in.Story.Told = true
		}
		if in.Stored == 0 || len(t.lines[id]) > 0 || len(notices) > 0 || in.differs(t.before[id]) {
			d.Incidents = append(d.Incidents, *in)
		}
		d.Notices = append(d.Notices, notices...)
	}
	d.Entries = t.entries
	return d
}

// differs reports whether an incident has changed since it was read; what it
// measures now is measured again.
func (in Incident) differs(was Incident) bool {
	was.ShareNow = in.ShareNow
	return !reflect.DeepEqual(in, was)
}

// renamed says that most of a common cause show another fault than before, when
// nothing else is said of it.
func (t *turn) renamed(in *Incident) {
	if in.Rule != RuleCommonCause || !in.Live() || len(t.lines[in.ID]) > 0 {
		return
	}
	if title := in.commonTitle(); title != in.Title {
		t.happened(in, EntryUpdated, "most show another fault now: "+title, tellRoot)
	}
}

// entitle gives an incident its name at the end of the turn, when all that
// belong to it are known.
func (t *turn) entitle(in *Incident) {
	if in.Rule == RuleCommonCause {
		in.Title = in.commonTitle()
	}
	for _, l := range t.lines[in.ID] {
		if e := &t.entries[l.entry]; e.Kind == EntryOpened {
			e.Text = phrase(in.Title, e.Text)
		}
	}
}
