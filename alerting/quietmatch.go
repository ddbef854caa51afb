package alerting

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// Matcher says which conditions are meant, as a route's match does: of each
// list that is given one word must fit, of each that is not anything does. The
// zero Matcher matches nothing: who means all says All. It is read-only.
type Matcher struct {
	All      bool             `json:"all,omitempty"` // everything; with lists it is a fault
	Rule     []rules.Rule     `json:"rule,omitempty"`
	Severity []rules.Severity `json:"severity,omitempty"`
	Merchant []string         `json:"merchant,omitempty"` // what concerns one of these alone
	Endpoint []string         `json:"endpoint,omitempty"`
	Channel  []string         `json:"channel,omitempty"` // conditions of the channel as a whole
	Product  []string         `json:"product,omitempty"` // of the product as a whole
	Type     []string         `json:"type,omitempty"`    // of the type of event as a whole
	Scope    []rules.Scope    `json:"scope,omitempty"`   // any kind, in full: "host:hooks.example.com"
	Incident []string         `json:"incident,omitempty"`
}

// Quieted describes one condition of an incident. A condition of an endpoint
// belongs to its merchant too.
type Quieted struct {
	Incident string // ID
	Rule     rules.Rule
	Scope    rules.Scope
	Severity rules.Severity
	Merchant string // whom the scope belongs to, when to one
}

// mostWords bounds one list of a matcher.
const mostWords = 100

// Matches reports whether q is meant. It is pure.
func (m Matcher) Matches(q Quieted) bool {
	if m.empty() {
		return m.All
	}
	kind, id := q.Scope.Split()
	merchant := q.Merchant
	if kind == rules.ScopeMerchant {
		merchant = id
	}
	return fits(m.Rule, q.Rule) && fits(m.Severity, q.Severity) && fits(m.Merchant, merchant) && fits(m.Scope, q.Scope) &&
		fits(m.Incident, q.Incident) && fitsScope(m.Endpoint, kind, rules.ScopeEndpoint, id) && fitsScope(m.Channel, kind, rules.ScopeChannel, id) &&
		fitsScope(m.Product, kind, rules.ScopeProduct, id) && fitsScope(m.Type, kind, rules.ScopeType, id)
}

// fits reports whether a list does not care, or has the word; no list has the
// empty word.
func fits[T ~string](list []T, word T) bool {
	return len(list) == 0 || word != "" && slices.Contains(list, word)
}

// fitsScope is the same of the IDs of one kind of scope.
func fitsScope(list []string, kind, wanted, id string) bool {
	return len(list) == 0 || kind == wanted && fits(list, id)
}

// empty reports whether no list is given.
func (m Matcher) empty() bool {
	return len(m.Rule)+len(m.Severity)+len(m.Merchant)+len(m.Endpoint)+len(m.Channel)+len(m.Product)+len(m.Type)+len(m.Scope)+len(m.Incident) == 0
}

// list is one list of a matcher by its key.
type list struct {
	key   string
	words []string
}

// lists returns the lists in the order in which people are told of them.
func (m Matcher) lists() []list {
	return []list{
		{"incident", m.Incident}, {"merchant", m.Merchant}, {"endpoint", m.Endpoint}, {"product", m.Product}, {"channel", m.Channel},
		{"type", m.Type}, {"scope", words(m.Scope)}, {"rule", words(m.Rule)}, {"severity", words(m.Severity)},
	}
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// String says what is meant in one line: "merchant toko-maju, rule
// endpoint_down or endpoint_slow".
func (m Matcher) String() string {
	var parts []string
	for _, l := range m.lists() {
		if len(l.words) > 0 {
			parts = append(parts, l.key+" "+strings.Join(l.words, " or "))
		}
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ")
	case m.All:
		return "everything"
	default:
		return "nothing"
	}
}

// Faults returns all that is wrong with m, each with its path below
// "matcher"; none when it is good.
func (m Matcher) Faults() []registry.Fault {
	var found []registry.Fault
	bad := func(key, message, hint string) {
		found = append(found, registry.Fault{Path: "matcher" + key, Message: message, Hint: hint})
	}
	switch {
	case m.empty() && !m.All:
		bad("", "names nothing", "name a merchant, an endpoint, an incident or another list; all: true means everything")
	case !m.empty() && m.All:
		bad(".all", "stands beside lists", "leave the lists out to mean everything, or leave all out")
	}
	for _, l := range m.lists() {
		if len(l.words) > mostWords {
			bad("."+l.key, fmt.Sprintf("has %d words; at most %d are taken", len(l.words), mostWords), "")
			continue
		}
		for i, w := range l.words {
			if message, hint := wrongWord(l, i); message != "" {
				bad(fmt.Sprintf(".%s[%d]", l.key, i), fmt.Sprintf("%q %s", clip(w), message), hint)
			}
		}
	}
	return found
}

// wrongWord says what is wrong with the ith word of a list.
func wrongWord(l list, i int) (message, hint string) {
	w := l.words[i]
	severities := []string{string(rules.Critical), string(rules.High), string(rules.Low)}
	ruled := append(words(rules.Rules()), string(RuleCommonCause))
	switch {
	case w == "" || w != tidy(w) || utf8.RuneCountInString(w) > longestName:
		return fmt.Sprintf("is empty, has blanks or signs that cannot be seen, or more than %d characters", longestName), ""
	case slices.Contains(l.words[:i], w):
		return "stands here twice", ""
	case l.key == "severity" && !slices.Contains(severities, w):
		return "is no severity", "one of " + strings.Join(severities, ", ")
	case l.key == "rule" && !slices.Contains(ruled, w):
		return "is no rule", "one of " + strings.Join(ruled, ", ")
	case l.key == "scope" && w != string(rules.ScopePlatform) && !strings.Contains(w, ":"):
		return "is no scope", "wanted platform, or a kind and a name such as host:hooks.example.com"
	default:
		return "", ""
	}
}

// clip makes a stranger's word fit to stand in a message.
func clip(s string) string {
	const most = 60
	if r := []rune(tidy(s)); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return tidy(s)
}
