package main

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/hookvigil/hookvigil/rules"
)

// text is a string of an answer in which strangers may have had a hand: a
// server's banner, a note. Decoding makes it fit for a terminal.
type text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*t = text(plain(s))
	return nil
}

// plain makes s one line of printable characters: no escape sequence, nothing
// that turns the direction of writing.
func plain(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case !unicode.IsPrint(c) || c == unicode.ReplacementChar:
			return -1
		}
		return c
	}, s))
}

// ratio is a ratio of an answer: a number, or a percentage.
type ratio struct{ rules.Ratio }

// UnmarshalJSON implements [json.Unmarshaler].
func (r *ratio) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "null" || s == "" {
		return nil
	}
	v, err := rules.ParseRatio(s)
	r.Ratio = v
	return err
}
