package deliveries

import (
	"strconv"
	"strings"

	"github.com/hookvigil/hookvigil/probes"
)

// maxErrorBytes bounds the sender's word for an error.
const maxErrorBytes = 256

// FaultOf translates a sender's word or text for a transport error into ours.
// Case does not matter, nor whether its parts are joined by spaces, hyphens
// or underscores. Our own words mean themselves, an HTTP status ("503",
// "http_503") what the status means. It never returns [probes.FaultNone]:
// there is no error that stands for success. What is not in the table is
// [probes.FaultUnknown].
func FaultOf(word string) probes.Fault {
	norm := normal(word)
	if f, ok := aliasWords[norm]; ok {
		return f
	}
	if f := probes.Fault(norm); f.Known() && f != probes.FaultNone {
		return f
	}
	if f, ok := statusWord(norm); ok {
		return f
	}
	for _, p := range aliasParts {
		if containsInOrder(norm, p.parts) {
			return p.fault
		}
	}
	return probes.FaultUnknown
}

// normal returns the first 256 bytes of word in the spelling of the table.
func normal(word string) string {
	word = strings.TrimSpace(word[:min(len(word), maxErrorBytes)])
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		case c == ' ' || c == '-':
			return '_'
		default:
			return c
		}
	}, word)
}

// statusWord reads "503", "http_503" and "status_503".
func statusWord(norm string) (probes.Fault, bool) {
	digits := strings.TrimPrefix(strings.TrimPrefix(norm, "http_"), "status_")
	status, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || len(digits) != 3 || status < 300 || status > 599 {
		return "", false
	}
	return statusFault(int(status)), true
}

func containsInOrder(text string, parts []string) bool {
	for _, p := range parts {
		i := strings.Index(text, p)
		if i < 0 {
			return false
		}
		text = text[i+len(p):]
	}
	return true
}

// aliasPart is a text known by what occurs in it, one part after the other.
type aliasPart struct {
	fault probes.Fault
	parts []string
}

// aliasWords and aliasParts are aliasTable made ready for look-up; never
// changed afterwards.
var aliasWords, aliasParts = indexAliases()

func indexAliases() (map[string]probes.Fault, []aliasPart) {
	words := map[string]probes.Fault{}
	var parts []aliasPart
	for _, row := range aliasTable {
		for w := range strings.FieldsSeq(row.words) {
			words[w] = row.fault
		}
		for p := range strings.FieldsSeq(row.parts) {
			parts = append(parts, aliasPart{row.fault, strings.Split(p, "*")})
		}
	}
	return words, parts
}
