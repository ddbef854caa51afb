package digest

import (
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// titled is how the title of an incident stands around a name. The titles are
// made by package alerting, in English and for operators.
type titled struct{ kind, before, after string }

func titles() []titled {
	return []titled{
		{"platform", "webhook failures are up on the whole platform", ""},
		{"channel", "webhook failures are up on channel ", ""},
		{"merchant", "webhook failures are up at merchant ", ""},
		{"certificate", "certificate of ", ""},
		{"failing", "deliveries to ", " fail"},
		{"loss", "events of ", " get their last automatic try soon"},
		{"lost", "events of ", " were lost"},
		{"down", "", " is down"},
		{"slow", "", " answers slowly"},
	}
}

// incident says in the merchant's words what an incident is, or was once it is
// over. A title of another form stands as it is.
func (v voice) incident(i Incident) string {
	title := alerting.Line(i.Title, 2*longName)
	head, why := v.splitFault(title)
	if words, ok := v.worded(head, i); ok {
		return lineOf(words, why)
	}
	return lineOf(head, why)
}

// operators says what an incident is in the words of its title, which operators
// know; of one that is over, what it was.
func (v voice) operators(i Incident) string {
	title := alerting.Line(i.Title, 2*longName)
	if !i.past() {
		return title
	}
	head, why, _ := strings.Cut(title, ": ")
	if words, ok := v.worded(head, i); ok {
		return lineOf(words, why)
	}
	return title
}

// worded says what the head of a title says; false: it is of another form.
func (v voice) worded(head string, i Incident) (string, bool) {
	at := slices.IndexFunc(titles(), func(t titled) bool {
		name, ok := strings.CutPrefix(head, t.before)
		return ok && strings.HasSuffix(name, t.after)
	})
	if at < 0 {
		return "", false
	}
	t, words := titles()[at], v.IncidentIs
	if i.past() {
		words = v.IncidentWas
	}
	name := strings.TrimSuffix(strings.TrimPrefix(head, t.before), t.after)
	return strings.ReplaceAll(words[t.kind], "{name}", name), true
}

// splitFault cuts the fault from the end of a title, and says it in plain
// words; without a word that is known all of it is head.
func (v voice) splitFault(title string) (head, why string) {
	at := strings.LastIndex(title, ": ")
	if at < 0 {
		return title, ""
	}
	word := title[at+2:]
	words := v.Faults
	if v.Faults[word] == "" || strings.HasPrefix(title, "certificate of ") && v.CertificateFaults[word] != "" {
		words = v.CertificateFaults
	}
	if words[word] == "" {
		return title, ""
	}
	return title[:at], words[word]
}

// trouble is what the incidents of the platform's digest say of it.
type trouble struct {
	critical int // open
	others   int // open, and not critical
	over     int // critical, and resolved in the window
	failing  int // endpoints, at the end of the window
	least    bool
}

// trouble counts. Incidents of planned work were told to nobody.
func (f Facts) trouble() trouble {
	var n trouble
	for _, i := range f.Incidents {
		critical, open := i.Severity == rules.Critical, i.Resolved.IsZero()
		switch {
		case i.Maintenance:
		case critical && open:
			n.critical++
		case open:
			n.others++
		case critical:
			n.over++
		}
	}
	if f.Platform == nil {
		return n
	}
	for _, m := range f.Platform.Worst {
		n.failing += max(m.Failing, 0)
	}
	// Those with an endpoint that fails come first, so where one is named that has
	// none, all that have are.
	n.least = n.failing > 0 && f.Platform.MoreWorst > 0 && !slices.ContainsFunc(f.Platform.Worst, func(m Merchant) bool { return m.Failing <= 0 })
	return n
}

func (n trouble) any() bool { return n != trouble{} }

// liveFirst orders incidents for operators: those that run before those that are
// over, critical ones before others; each as they came.
func liveFirst(list []Incident) []Incident {
	place := func(i Incident) int {
		switch {
		case i.Maintenance:
			return 4
		case !i.Resolved.IsZero() && i.Severity != rules.Critical:
			return 3
		case !i.Resolved.IsZero():
			return 2
		case i.Severity != rules.Critical:
			return 1
		default:
			return 0
		}
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Incident) int { return place(a) - place(b) })
	return list
}
