package deliveries

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of texts, in bytes.
const (
	maxTextBytes  = 256
	maxURLBytes   = 2048
	maxShownBytes = 60 // of a record, in the reason of a rejection
)

// checkText says what is wrong with a text that has to stay as it is, because
// something is found by it. Empty when nothing is.
func checkText(b []byte, bound int) string {
	if len(b) > bound {
		return fmt.Sprintf("%d bytes; wanted at most %d", len(b), bound)
	}
	for i := 0; i < len(b); {
		if c := b[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return "holds a control character"
			}
			i++
			continue
		}
		c, n := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError || !unicode.IsGraphic(c) {
			return "holds a character that cannot be shown"
		}
		i += n
	}
	return ""
}

// cleanText makes a text that is only read fit to be shown: what cannot be
// shown becomes a question mark, what is over 256 bytes is cut. It returns b
// itself when there is nothing to do.
func cleanText(b []byte) []byte {
	if checkText(b, maxTextBytes) == "" {
		return b
	}
	b = bytes.Map(func(c rune) rune {
		if c == utf8.RuneError || !unicode.IsGraphic(c) {
			return '?'
		}
		return c
	}, cutText(b, 4*maxTextBytes))
	return cutText(b, maxTextBytes)
}

// cutText cuts b to a bound, and not within a character.
func cutText(b []byte, bound int) []byte {
	if len(b) <= bound {
		return b
	}
	for bound > 0 && !utf8.RuneStart(b[bound]) {
		bound--
	}
	return b[:bound]
}

// opaqueRun is how many letters and digits in a row look like a secret.
const opaqueRun = 24

// What looks like a secret in the text of an error. A text of crypto/x509 or
// curl holds none of it.
var (
	secretUserinfo = regexp.MustCompile(`://[^/\s"']*@`)
	secretQuery    = regexp.MustCompile(`(://[^\s"'?#]*)[?#][^\s"']*`)
	secretHeader   = regexp.MustCompile(`(?i)\b(authorization["']?\s*[:=]\s*["']?(?:bearer |basic )?|bearer |basic )[^\s"',;&]+`)
	secretPair     = regexp.MustCompile(`(?i)\b([a-z_-]*(?:token|secret|password|passwd|api_?key|signature)["']?\s*[:=]\s*["']?)[^\s"',;&]+`)
	secretOpaque   = regexp.MustCompile(`[A-Za-z0-9_+=-]{24,}`)
)

// maskSecrets takes out of the text of an error what looks like a secret: the
// userinfo and query of a URL, what follows the name of a credential, and any
// long run of letters and digits. It returns b itself when there is nothing
// to do, as for a plain word.
func maskSecrets(b []byte) []byte {
	if len(b) < opaqueRun && !bytes.ContainsAny(b, ":= ") {
		return b
	}
	lower := bytes.ToLower(b) // a look for the words first: expressions are slow
	if bytes.Contains(lower, []byte("://")) {
		b = secretUserinfo.ReplaceAll(b, []byte("://"))
		b = secretQuery.ReplaceAll(b, []byte("$1"))
	}
	if containsAny(lower, "authorization", "bearer ", "basic ") {
		b = secretHeader.ReplaceAll(b, []byte("${1}<secret>"))
	}
	if containsAny(lower, "token", "secret", "passw", "apikey", "api_key", "signature") {
		b = secretPair.ReplaceAll(b, []byte("${1}<secret>"))
	}
	if !hasLongRun(b) {
		return b
	}
	return secretOpaque.ReplaceAllFunc(b, func(run []byte) []byte {
		if bytes.ContainsAny(run, "0123456789") && bytes.ContainsFunc(run, unicode.IsLower) {
			return []byte("<secret>")
		}
		return run
	})
}

func containsAny(b []byte, words ...string) bool {
	for _, w := range words {
		if bytes.Contains(b, []byte(w)) {
			return true
		}
	}
	return false
}

// hasLongRun reports whether secretOpaque could match.
func hasLongRun(b []byte) bool {
	run := 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '_', c == '+', c == '=', c == '-':
			if run++; run == opaqueRun {
				return true
			}
		default:
			run = 0
		}
	}
	return false
}

// shown quotes at most 60 bytes of a record for a person.
func shown(b []byte) string { return `"` + printable(b) + `"` }

// shown is the value as it stood in the record: a string in quotes.
func (v value) shown() string {
	if v.shape == shapeString {
		return shown(v.text)
	}
	return printable(v.text)
}

// printable returns b, or its beginning, in printable ASCII.
func printable(b []byte) string {
	cut := len(b) > maxShownBytes
	if cut {
		b = b[:maxShownBytes-len("...")]
	}
	var s strings.Builder
	for _, c := range b {
		if c < ' ' || c > '~' || c == '"' {
			c = '?'
		}
		s.WriteByte(c)
	}
	if cut {
		s.WriteString("...")
	}
	return s.String()
}

// shownByte names one byte of a record for a person.
func shownByte(c byte) string {
	if c < ' ' || c > '~' {
		return fmt.Sprintf("byte 0x%02x", c)
	}
	return "'" + string(rune(c)) + "'"
}
