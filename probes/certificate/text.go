package certificate

import (
	"crypto/x509"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what a stranger may write into our lines, in bytes.
const (
	maxName   = 80  // one name out of a certificate
	maxError  = 200 // an error text of the network or of crypto/x509
	maxDetail = 300 // a whole line for the operator
)

// clean makes s fit to be shown: one line, no control or direction
// characters, at most limit bytes.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if len(s) <= limit {
		return s
	}
	const dots = "..."
	cut := limit - len(dots)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + dots
}

// nameOf names a certificate as people do.
func nameOf(c *x509.Certificate) string {
	switch {
	case c.Subject.CommonName != "":
		return clean(c.Subject.CommonName, maxName)
	case len(c.Subject.Organization) > 0:
		return clean(c.Subject.Organization[0], maxName)
	case len(c.DNSNames) > 0:
		return clean(c.DNSNames[0], maxName)
	}
	return clean("serial "+serialOf(c), maxName)
}

// issuerOf names who signed a certificate.
func issuerOf(c *x509.Certificate) string {
	switch {
	case c.Issuer.CommonName != "":
		return clean(c.Issuer.CommonName, maxName)
	case len(c.Issuer.Organization) > 0:
		return clean(c.Issuer.Organization[0], maxName)
	}
	return "without a name"
}

func serialOf(c *x509.Certificate) string {
	if c.SerialNumber == nil {
		return ""
	}
	return fmt.Sprintf("%x", c.SerialNumber)
}

// utc writes a moment for a person.
func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// span writes a length of time in the largest unit that still tells enough.
func span(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 3*day:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/day)
}

// some joins the first few names of a list that a stranger wrote.
func some(names []string) string {
	const shown = 5
	out := make([]string, 0, shown)
	for _, n := range names[:min(len(names), shown)] {
		out = append(out, clean(n, maxName))
	}
	s := strings.Join(out, ", ")
	if more := len(names) - shown; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}
