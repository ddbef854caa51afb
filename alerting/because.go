package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// Because says in words why an incident fails, as far as its own record tells:
// where the failures of a ratio come from, or the fault that its endpoints show,
// with where and since when. Of a ratio that nothing explains it says that this
// is not known, and what it began with. It is one line; "" when the evidence
// says all there is, as of a missing heartbeat. when writes a moment; nil: in
// UTC. It is pure.
func (in Incident) Because(when func(time.Time) string) string {
	if when == nil {
		when = clock
	}
	switch {
	case in.Evidence.Where.Name() != "" || in.Evidence.How.Value != "":
		return comesFrom(in.Evidence)
	case in.Rule == RuleCommonCause:
		return in.sharedCause(when)
	case ofTraffic(in.Rule):
		return "not known: no one place and no one fault explains most of the failures; it began " + in.began(when)
	case in.Rule == rules.RuleEndpointDown:
		return in.ownCause(when)
	default:
		return ""
	}
}

// comesFrom says where the excess failures are, and how they end.
func comesFrom(e rules.Evidence) string {
	var parts []string
	if where := e.Where.Name(); where != "" {
		parts = append(parts, e.Where.Share.Short()+" of the excess failures are at "+where)
	}
	if how := tidy(e.How.Value); how != "" {
		parts = append(parts, fmt.Sprintf("%s of the failures end alike: %s", e.How.Share.Short(), wordsOf(how)))
	}
	return strings.Join(parts, "; ")
}

// wordsOf is a fault in words with its word, which pages and metrics know it by.
func wordsOf(fault string) string {
	if plain := FaultInWords(probes.Fault(fault)); plain != "" {
		return fmt.Sprintf("%s (%s)", plain, fault)
	}
	return fault
}

// sharedCause is the fault that most members of a common cause show.
func (in Incident) sharedCause(when func(time.Time) string) string {
	faults, hosts := map[string]int{}, map[string]bool{}
	for _, m := range in.ongoing() {
		faults[m.Fault]++
		hosts[m.Host] = true
	}
	delete(hosts, "")
	fault := mostOf(faults)
	if fault == "" {
		return ""
	}
	where := ""
	switch list := slices.Sorted(maps.Keys(hosts)); len(list) {
	case 0:
	case 1:
		where = ", at " + list[0]
	default:
		where = fmt.Sprintf(", at %d hosts", len(list))
	}
	return wordsOf(fault) + where + "; it began " + in.began(when)
}

// ongoing are the members that fail now; all there were when none does.
func (in Incident) ongoing() []Membership {
	left := slices.DeleteFunc(slices.Clone(in.Members), func(m Membership) bool { return !m.Left.IsZero() })
	if len(left) == 0 {
		return in.Members
	}
	return left
}

// ownCause is the fault of the endpoint that an incident is about.
func (in Incident) ownCause(when func(time.Time) string) string {
	for _, m := range in.Members {
		if m.Key.Rule == in.Rule && m.Key.Scope == in.Scope && m.Fault != "" {
			return wordsOf(m.Fault) + at(m.Host) + "; down since " + when(m.Since) // not always with that fault
		}
	}
	return ""
}

// began is what failed first, and since when.
func (in Incident) began(when func(time.Time) string) string {
	if len(in.Members) == 0 {
		return "at " + when(in.StartedAt)
	}
	first := slices.MinFunc(in.Members, func(a, b Membership) int { return a.Since.Compare(b.Since) })
	kind, id := first.Key.Scope.Split()
	switch {
	case first.Key.Scope == in.Scope:
		return "at " + when(first.Since)
	case kind == rules.ScopeEndpoint:
		return fmt.Sprintf("with %s at %s", id, when(first.Since))
	default:
		return fmt.Sprintf("with %s at %s", strings.TrimSpace(kind+" "+id), when(first.Since))
	}
}

func at(host string) string {
	if host == "" {
		return ""
	}
	return " at " + host
}

// clock is a moment that means the same to everybody.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// because completes what is known around an incident: why it fails, in words.
// The advice on an endpoint begins with that; what is left of it is what to do.
func (a About) because(in Incident) About {
	oneEndpoint := in.Rule != RuleCommonCause && !ofTraffic(in.Rule)
	if a.Why == "" && (oneEndpoint || a.Cause == string(rules.CauseOurTrustStore)) {
		a.Why, a.Advice = halves(a.Advice)
		if a.Why != "" && a.Host != "" && oneEndpoint && !strings.HasSuffix(a.Why, "?") {
			a.Why += ", at " + a.Host
		}
	}
	a.Why = cmp.Or(a.Why, in.Because(nil))
	return a
}

// halves cuts an advice into its first sentence, which says what is so, and the
// rest, which says what to do.
func halves(advice string) (why, do string) {
	advice = strings.TrimSpace(advice)
	end := strings.IndexAny(advice, ".?")
	for end >= 0 && end+1 < len(advice) && advice[end+1] != ' ' { // "TLS 1.2"
		next := strings.IndexAny(advice[end+1:], ".?")
		if next < 0 {
			end = -1
			break
		}
		end += 1 + next
	}
	if end < 0 {
		return lowered(advice), ""
	}
	return lowered(strings.TrimSuffix(advice[:end+1], ".")), strings.TrimSpace(advice[end+1:])
}

// lowered begins small, unless its first word is an abbreviation.
func lowered(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if second, _ := utf8.DecodeRuneInString(s[size:]); s == "" || unicode.IsUpper(second) {
		return s
	}
	return string(unicode.ToLower(first)) + s[size:]
}
