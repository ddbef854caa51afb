package dashboards

import (
	"crypto/tls"
	"slices"

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
	cipherNames         = namesOfCiphers()
)

// phaseNames are the values of the label phase, in order, as
// blackbox_exporter spells them.
var phaseNames = [...]string{"resolve", "connect", "tls", "processing", "transfer"}

// signals are the values of the label signal.
func signals() []string { return []string{"probe", "certificate"} }

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
