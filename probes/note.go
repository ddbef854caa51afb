package probes

import (
	"encoding/json"
	"fmt"
	"strings"
)

// NoteSet is a set of remarks on a result that are no faults, because a
// complete 2xx head in time is delivered. It is comparable; the zero value is
// empty. In JSON it is a list of words.
type NoteSet uint8

// The notes of a probe.
const (
	NoteSlow          NoteSet = 1 << iota // slower than the ack budget
	NoteBodyTimeout                       // the body had not ended after 2 s, or when the deadline came
	NoteBodyTruncated                     // the body ended before its announced length
	NoteBodyTooLarge                      // more than 64 KiB of body
	NoteCertExpiring                      // the certificate served runs out soon (share of lifetime left)
	NoteCleartext                         // http://: whatever is sent can be read on the way
)

var noteWords = []string{"slow", "body_timeout", "body_truncated", "body_too_large", "cert_expiring", "cleartext"}

// Has reports whether every note of o is in n.
func (n NoteSet) Has(o NoteSet) bool { return n&o == o }

// Words returns the words in n; never nil, so that JSON shows [].
func (n NoteSet) Words() []string {
	words := []string{}
	for i, w := range noteWords {
		if n&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	return words
}

// String joins the words with commas.
func (n NoteSet) String() string { return strings.Join(n.Words(), ",") }

// MarshalJSON writes the list of words.
func (n NoteSet) MarshalJSON() ([]byte, error) { return json.Marshal(n.Words()) }

// UnmarshalJSON reads a list of words; an unknown word is an error.
func (n *NoteSet) UnmarshalJSON(b []byte) error {
	var words []string
	if err := json.Unmarshal(b, &words); err != nil {
		return err
	}
	set := NoteSet(0)
next:
	for _, w := range words {
		for i, known := range noteWords {
			if w == known {
				set |= 1 << i
				continue next
			}
		}
		return fmt.Errorf("unknown note %q", w)
	}
	*n = set
	return nil
}
