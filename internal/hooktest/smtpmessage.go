package hooktest

import (
	"bytes"
	"crypto/tls"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// What an SMTP sink remembers.
const (
	MaxSMTPMessages = 65_536 // messages that are kept, the latest
	MaxSMTPCommands = 16_384 // commands that are kept, the latest
)

// SMTPMessage is a message that a sink kept. It is a value of the caller's,
// but To, Data, Header and TLS are shared: do not change them.
type SMTPMessage struct {
	At      time.Time   // of the final dot
	Begun   time.Time   // of the MAIL command
	From    string      // of the envelope, without <>
	To      []string    // recipients that were accepted, likewise
	Data    []byte      // as sent, with CRLF, without dot-stuffing
	Header  mail.Header // nil: it cannot be parsed
	ID      string      // Message-ID with its <>; empty: none
	Queue   string      // queue id, which the sink's own reply names
	Reply   string      // what the client was told; empty: nothing
	Session int         // which connection, counted from 1
	Helo    string      // how the client called itself
	User    string      // who logged in; empty: nobody

	TLS *tls.ConnectionState // nil without TLS
}

// SMTPCommand is what a client said, and what it was replied.
type SMTPCommand struct {
	At      time.Time
	Session int      // which connection, counted from 1
	Verb    SMTPVerb // in capitals; also what the sink does not know
	Line    string   // the whole line, but for AUTH the mechanism alone; empty for the greeting and the dot
	Reply   string   // empty: nothing
}

// SMTPStats are figures of a sink. All but Open only grow.
type SMTPStats struct {
	Sessions   int // connections that were accepted
	Open       int // of them not yet ended on our side
	Messages   int // kept
	Duplicates int // of them with a Message-ID that one of its recipients had got before
	Verbs      map[SMTPVerb]int
}

// smtpBook is what a sink remembers; its methods need the sink's mutex held.
type smtpBook struct {
	stats    SMTPStats
	messages []SMTPMessage
	commands []SMTPCommand
	copies   map[string]int // messages by Message-ID
	given    map[string]int // the same by Message-ID and recipient
	bell     bell
}

func newSMTPBook() smtpBook {
	return smtpBook{
		stats:  SMTPStats{Verbs: map[SMTPVerb]int{}},
		copies: map[string]int{}, given: map[string]int{},
	}
}

// figures returns stats that are the caller's.
func (b *smtpBook) figures() SMTPStats {
	out := b.stats
	out.Verbs = maps.Clone(out.Verbs)
	return out
}

func (b *smtpBook) open(change int) (session int) {
	b.stats.Open += change
	b.stats.Sessions += max(change, 0)
	b.bell.ring()
	return b.stats.Sessions
}

func (b *smtpBook) note(c SMTPCommand) {
	if slices.Contains(SMTPVerbs(), c.Verb) {
		b.stats.Verbs[c.Verb]++
	}
	b.commands = keepLatest(b.commands, c, MaxSMTPCommands)
	b.bell.ring()
}

func (b *smtpBook) add(m SMTPMessage) {
	b.messages = keepLatest(b.messages, m, MaxSMTPMessages)
	b.stats.Messages++
	if m.ID != "" {
		b.copies[m.ID]++
		again := false
		for _, to := range m.To {
			key := m.ID + " " + strings.ToLower(to)
			b.given[key]++
			again = again || b.given[key] > 1
		}
		if again {
			b.stats.Duplicates++
		}
	}
	b.bell.ring()
}

// parse fills in what stands in the message itself.
func (m *SMTPMessage) parse() {
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		return
	}
	m.Header = parsed.Header
	m.ID = strings.TrimSpace(parsed.Header.Get("Message-ID"))
}
