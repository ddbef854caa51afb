package demo

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// mailbox is the SRE's, who gets all but the merchants' digests.
const mailbox = "sre@demo.example"

// mostParts bounds how many parts of a mail are read, and how deep.
const mostParts = 20

// letter is one mail as the page shows it.
type letter struct {
	N             int // counted from 1, as it arrived
	At            time.Time
	From, Subject string
	To            []string
	Text, HTML    string // empty: it has none
	Mark          string // class of its colour, the same as in Slack; empty: it is of none
	Other         string // who got it, when that is not the SRE
}

// lettersOf returns all mails, the newest first.
func lettersOf(list []hooktest.SMTPMessage) []letter {
	letters := make([]letter, len(list))
	for i, m := range list {
		letters[i] = letterOf(i+1, m)
	}
	slices.Reverse(letters)
	return letters
}

// letterOf reads a mail. One that cannot be read shows its source.
func letterOf(n int, m hooktest.SMTPMessage) letter {
	l := letter{N: n, At: m.At, From: m.From, To: m.To, Subject: "(no subject)"}
	if len(m.To) > 0 && m.To[0] != mailbox {
		l.Other = m.To[0]
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		l.Text = string(m.Data)
		return l
	}
	words := new(mime.WordDecoder)
	if s, err := words.DecodeHeader(parsed.Header.Get("Subject")); err == nil && s != "" {
		l.Subject = s
	}
	if s, err := words.DecodeHeader(parsed.Header.Get("From")); err == nil && s != "" {
		l.From = s
	}
	l.Mark = l.markOf(parsed.Header)
	l.read(textproto.MIMEHeader(parsed.Header), parsed.Body, mostParts)
	return l
}

// markOf returns the mark of a mail: as loud as its incident, or that it is over.
func (l letter) markOf(head mail.Header) string {
	severity := head.Get("X-Hookvigil-Severity")
	switch {
	case l.Other != "":
		return "digest"
	case head.Get("X-Hookvigil-State") == "resolved":
		return "resolved"
	case severity == "critical" || severity == "high" || severity == "low":
		return severity
	default:
		return ""
	}
}

// read takes the text and the HTML out of a part and the parts in it.
func (l *letter) read(head textproto.MIMEHeader, body io.Reader, left int) {
	kind, params, err := mime.ParseMediaType(head.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for range left {
			part, err := parts.NextRawPart()
			if err != nil {
				return // the end, or what cannot be read
			}
			l.read(part.Header, part, left/2)
		}
		return
	}
	text, _ := io.ReadAll(decoded(head, body)) // what could be read is shown
	switch {
	case kind == "text/plain" && l.Text == "":
		l.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
	case kind == "text/html" && l.HTML == "":
		l.HTML = string(text)
	}
}

func decoded(head textproto.MIMEHeader, body io.Reader) io.Reader {
	switch strings.ToLower(head.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	default:
		return body
	}
}
