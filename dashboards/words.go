package dashboards

import (
	"crypto/tls"
	"slices"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// unknown stands for a word outside its closed set.
const unknown = "unknown"

// closed is a closed set of words. It is not changed once made.
type closed[T ~string] map[T]struct{}

func closedSet[T ~string](words []T) closed[T] {
	c := make(closed[T], len(words))
	for _, w := range words {
		c[w] = struct{}{}
	}
	return c
}

// word returns w as a label value when it is in the set, else unknown.
func (c closed[T]) word(w T) string {
	if _, ok := c[w]; ok {
		return string(w)
	}
	return unknown
}

// all returns every label value that word gives, sorted.
func (c closed[T]) all() []string {
	words := []string{unknown}
	for w := range c {
		if w != unknown {
			words = append(words, string(w))
		}
	}
	slices.Sort(words)
	return words
}

// The closed sets that labels are made of: tables, never changed.
var (
	probeVerdicts       = closedSet(probes.Verdicts())
	probeFaults         = closedSet(probes.Faults())
	probeLevels         = closedSet(probes.Levels())
	certificateVerdicts = closedSet(certificate.Verdicts())
	certificateFaults   = closedSet(certificate.Faults())
	stateWords          = closedSet(rules.Words())
	signalWords         = closedSet(signals())
	methodWords         = closedSet(methods())
	refusalWords        = closedSet(refusals())
	ruleWords           = closedSet(ruleNames())
	severityWords       = closedSet([]rules.Severity{rules.Critical, rules.High, rules.Low})
	entryWords          = closedSet(entryKinds())
	classWords          = closedSet(classNames())
	digestWords         = closedSet(digestStates())
	cipherNames         = namesOfCiphers()
)

// phaseNames are the values of the label phase, in order, as
// blackbox_exporter spells them.
var phaseNames = [...]string{"resolve", "connect", "tls", "processing", "transfer"}

// signals are the values of the label signal.
func signals() []string { return []string{"probe", "certificate"} }

// ruleNames are the values of the label rule: of conditions, and of what leads
// an incident.
func ruleNames() []rules.Rule {
	return append(rules.Rules(), alerting.RuleCommonCause)
}

// The values of the label change.
const (
	changeOpened  = "opened"
	changeRaised  = "raised"
	changeCleared = "cleared"
)

func changeNames() []string { return []string{changeOpened, changeRaised, changeCleared} }

// entryKinds are the values of the label kind of incidents' transitions.
func entryKinds() []alerting.EntryKind {
	return []alerting.EntryKind{
		alerting.EntryOpened, alerting.EntryAlerted, alerting.EntryReopened, alerting.EntryLouder, alerting.EntryJoined, alerting.EntryLeft, alerting.EntryUpdated,
		alerting.EntryFolded, alerting.EntryAcknowledged, alerting.EntryNote, alerting.EntryResolved,
		alerting.EntryMitigated, alerting.EntryWorse, alerting.EntryRecovering, alerting.EntryRelapsed, alerting.EntryExpired, alerting.EntryEscalated,
		alerting.EntryFlapping, alerting.EntryStable, alerting.EntrySilenced, alerting.EntryUnsilenced, alerting.EntryMerchants, alerting.EntryWithheld,
		alerting.EntryReconciled, alerting.EntryReconciliation,
	}
}

// classNames are the values of the label class.
func classNames() []string {
	return []string{
		classOK, string(alerting.ClassTransient), string(alerting.ClassLimited), string(alerting.ClassAmbiguous), string(alerting.ClassWithheld),
		string(alerting.ClassDestination), string(alerting.ClassMessage), string(alerting.ClassAuth),
	}
}

// namesOfCiphers keeps what tls.CipherSuiteName would look up anew each time.
func namesOfCiphers() map[uint16]string {
	names := map[uint16]string{}
	for _, c := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		names[c.ID] = c.Name
	}
	return names
}

// cipherWord spells a cipher suite as blackbox_exporter does.
func cipherWord(id uint16) string {
	if name, ok := cipherNames[id]; ok {
		return name
	}
	return unknown
}

// tlsVersionWord spells a version as blackbox_exporter does.
func tlsVersionWord(v uint16) string {
	if v < tls.VersionTLS10 || v > tls.VersionTLS13 {
		return unknown
	}
	return tls.VersionName(v)
}
