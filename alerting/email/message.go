package email

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/hookvigil/hookvigil/alerting"
)

// message is a notice as it goes onto the wire.
type message struct {
	msg  *gomail.Msg
	from string // of the envelope
	to   string
	ref  alerting.Ref
}

// compose words a notice and puts it into an envelope for one address. But for
// the date, the signature, n.Late and n.Reduced, every try gives the same bytes.
func (r *Receiver) compose(to string, n alerting.Notice, now time.Time) (message, error) {
	from, err := sender(r.cfg.From)
	if err != nil {
		return message{}, err
	}
	l, f, err := r.words(n, now)
	if err != nil {
		return message{}, err
	}
	m := message{from: from.Address, to: to, ref: refs(n, domain(from.Address))}
	m.msg = gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary("hookvigil-"+digest("boundary", n.IdemKey)))
	m.msg.FromMailAddress(from)
	m.msg.ToMailAddress(&mail.Address{Address: to})
	m.msg.Subject(l.Subject)
	m.msg.SetDateWithValue(now.UTC())
	m.headers(n, f)
	m.unsubscribe(l.Unsubscribe)
	m.msg.SetBodyString(gomail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		m.msg.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	}
	if r.key == nil {
		return m, nil
	}
	return m, r.cfg.DKIM.sign(m.msg, r.key)
}

// headers say to machines what the text says to people. Nothing here is
// preformatted: go-mail encodes what would end a header.
func (m message) headers(n alerting.Notice, f alerting.Facts) {
	set := func(name, value string) {
		if value = alerting.Line(value, longName); value != "" {
			m.msg.SetGenHeader(gomail.Header(name), value)
		}
	}
	set("Message-ID", m.ref.Last)
	set("References", m.ref.Root)
	set("In-Reply-To", m.ref.Root)
	set("Auto-Submitted", "auto-generated") // RFC 3834: no holiday answers
	set("X-Auto-Response-Suppress", "All")  // the same for Exchange, which does not know the other
	set("X-Hookvigil-Kind", string(n.Kind)) // for filters
	set("X-Hookvigil-Severity", severity(n, f))
	set("X-Hookvigil-State", string(f.State))
	set("X-Hookvigil-Incident", f.Incident)
	set("X-Hookvigil-Rule", string(f.Rule))
	set("X-Hookvigil-Scope", string(f.Scope))
	set("X-Hookvigil-Merchant", f.Merchant)
}

// mostUnsubscribe bounds the address of a header: a line has at most 998
// characters (RFC 5322 section 2.1.1), and go-mail does not break a word.
const mostUnsubscribe = 900

// unsubscribe tells mail programs where the recipient leaves, and when that is
// over TLS that one POST is enough. The signature covers both (see sign).
func (m message) unsubscribe(link string) {
	if link = alerting.Link(link, mostUnsubscribe); link == "" || !ascii(link) {
		return
	}
	m.msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+link+">")
	if strings.HasPrefix(link, "https://") {
		m.msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click") // RFC 8058 section 3.1
	}
}

// refs makes the IDs of a message and its thread. The root is nobody's own ID:
// what refers to the same root is one thread in every order of arrival.
func refs(n alerting.Notice, domain string) alerting.Ref {
	return alerting.Ref{
		Root: "<thread." + digest("thread", cmp.Or(n.Subject, n.IdemKey)) + "@" + domain + ">",
		Last: "<notice." + digest("notice", n.IdemKey) + "@" + domain + ">",
	}
}

// digest is 26 letters and figures that stand for key.
func digest(what, key string) string {
	sum := sha256.Sum256([]byte(what + "\x00" + key))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}
