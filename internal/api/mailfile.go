package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// Who a mail that is only looked at comes from and goes to: a domain that
// never exists (RFC 6761, section 6.4).
const (
	previewFrom = "hookvigil@preview.invalid"
	previewTo   = "reader@preview.invalid"
)

// maxLine is the longest line of a head (RFC 5322, section 2.1.1), where words
// let it end.
const maxLine = 78

// mailFile is a digest as a file that mail programs open. The same letter
// gives the same bytes.
type mailFile struct {
	digest.Letter
	to    string    // shown as the reader
	at    time.Time // of the head
	leave string    // where its reader would end the digests; empty: nowhere
}

// bytes writes the message of RFC 5322, text and HTML as alternatives. Every
// line ends in CRLF, and what strangers have named stays in its place.
func (m mailFile) bytes() ([]byte, error) {
	sum := sha256.Sum256([]byte(m.Subject + "\x00" + m.Text + "\x00" + m.HTML))
	mark := hex.EncodeToString(sum[:16])
	var buf bytes.Buffer
	body := multipart.NewWriter(&buf)
	if err := body.SetBoundary("digest-" + mark); err != nil {
		return nil, err
	}
	head := [][2]string{
		{"From", address("hookvigil", previewFrom)},
		{"To", address(m.to, previewTo)},
		{"Subject", mime.QEncoding.Encode("utf-8", m.Subject)},
		{"Date", m.at.UTC().Format(time.RFC1123Z)},
		{"Message-ID", "<digest-" + mark + "@preview.invalid>"},
		{"Auto-Submitted", "auto-generated"},
	}
	if m.leave != "" {
		head = append(head, [2]string{"List-Unsubscribe", "<" + m.leave + ">"})
	}
	if strings.HasPrefix(m.leave, "https://") {
		head = append(head, [2]string{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"})
	}
	for _, h := range append(head, [2]string{"MIME-Version", "1.0"}, [2]string{"Content-Type", "multipart/alternative; boundary=" + body.Boundary()}) {
		buf.WriteString(foldedHeader(h[0], h[1]))
	}
	buf.WriteString("\r\n")
	for _, p := range [][2]string{{typeText, m.Text}, {typeHTML, m.HTML}} { // the best one last
		if err := addPart(body, p[0], p[1]); err != nil {
			return nil, err
		}
	}
	err := body.Close()
	return buf.Bytes(), err
}

// address writes a mailbox with its name, which is cut to a readable length.
func address(name, mailbox string) string {
	return (&mail.Address{Name: registry.Clean(name), Address: mailbox}).String()
}

// foldedHeader writes a header, on more lines where it is long.
func foldedHeader(name, value string) string {
	var b strings.Builder
	b.WriteString(name + ":")
	width := len(name) + 1
	for i, word := range strings.Fields(value) {
		if i > 0 && width+1+len(word) > maxLine {
			b.WriteString("\r\n")
			width = 0
		}
		b.WriteString(" " + word)
		width += 1 + len(word)
	}
	return b.String() + "\r\n"
}

// addPart adds one of the alternatives.
func addPart(to *multipart.Writer, contentType, text string) error {
	part, err := to.CreatePart(textproto.MIMEHeader{
		"Content-Type": {contentType}, "Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		return err
	}
	w := quotedprintable.NewWriter(part)
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return w.Close()
}
