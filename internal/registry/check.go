package registry

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$`)

const (
	maxProducts = 50
	maxAddress  = 254 // bytes of a mail address (RFC 5321 section 4.5.3.1.3, less the < and >)
)

func (r *resolver) id(id string) {
	if !idPattern.MatchString(id) {
		r.bad("id", "letters, digits, and . _ : - after the first; at most 128", "%q is not an ID", short(id))
	}
}

func (r *resolver) products(list []string) {
	if len(list) > maxProducts {
		r.bad("products", "", "%d products; at most %d", len(list), maxProducts)
	}
	for _, p := range list {
		if !idPattern.MatchString(p) {
			r.bad("products", "a word such as PAYOUT", "%q is not a product", short(p))
		}
	}
}

// CheckMerchant returns m with its texts cleaned, and what is wrong with it.
func CheckMerchant(m Merchant) (Merchant, []Fault) {
	r := resolver{}
	r.id(m.ID)
	m.Name = Clean(m.Name)
	if _, err := time.LoadLocation(m.Timezone); err != nil || m.Timezone == "Local" {
		r.bad("timezone", "an IANA name such as Asia/Jakarta", "%q is not a time zone", short(m.Timezone))
	}
	if m.Language != "" && m.Language != "en" && m.Language != "id" {
		r.bad("language", "en or id", "%q is not a language of the digest", short(m.Language))
	}
	switch m.Digest.Mode {
	case "", "every", "problems", "daily", "off":
	default:
		r.bad("digest.mode", "every, problems, daily or off", "%q is not a digest mode", short(m.Digest.Mode))
	}
	r.addresses("digest.to", m.Digest.To)
	r.addresses("incidents.to", m.Incidents.To)
	return m, r.faults
}

// CheckReceivers returns what is wrong with the receivers that merchants name:
// each has to be one of d.Slack.
func CheckReceivers(list []Merchant, d Defaults) (faults []RecordFault) {
	for _, m := range list {
		if m.Digest.Slack == "" || slices.Contains(d.Slack, m.Digest.Slack) {
			continue
		}
		hint := "there is no receiver of kind slack in the configuration yet: receivers: {NAME: {kind: slack, ...}}"
		if len(d.Slack) > 0 {
			hint = "one of " + strings.Join(d.Slack, ", ")
		}
		faults = append(faults, RecordFault{Kind: "merchant", ID: m.ID, Fault: Fault{
			Path: "digest.slack", Message: fmt.Sprintf("there is no receiver %q of kind slack", short(m.Digest.Slack)), Hint: hint,
		}})
	}
	return faults
}

func (r *resolver) addresses(path string, list []string) {
	for _, a := range list {
		parsed, err := mail.ParseAddress(a)
		if err != nil || parsed.Address != a || len(a) > maxAddress || strings.ContainsFunc(a, deceives) {
			r.bad(path, "ops@example.com, without a display name", "%q is not a mail address", short(a))
		}
	}
}

// Clean makes a stranger's text harmless to carry: valid UTF-8, one line, no
// control or direction-changing characters, at most 200 runes. It does not
// escape: that is for whoever prints it.
func Clean(s string) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t' || c == '\r' || unicode.In(c, unicode.Zl, unicode.Zp):
			return ' '
		case deceives(c):
			return -1
		}
		return c
	}, s)
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > 200 {
		s = string([]rune(s)[:199]) + "…"
	}
	return s
}

// deceives reports whether a reader would see something else than stands
// there: control and direction-changing characters, and broken UTF-8.
func deceives(c rune) bool {
	return unicode.IsControl(c) || c == utf8.RuneError || unicode.In(c, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || c == '\u200b' || c == '\u2060' || c == '\ufeff'
}

// short makes a value fit to stand in a message.
func short(s string) string {
	if s = Clean(s); utf8.RuneCountInString(s) > 60 {
		s = string([]rune(s)[:59]) + "…"
	}
	return s
}
