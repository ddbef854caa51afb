package hooktest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (c *smtpSession) hello(cmd said) {
	own := "250 hooktest.test"
	if cmd.verb == SMTPEhlo {
		own += "\n" + strings.Join(c.extensions(), "\n")
	}
	name := cmd.rest
	if name == "" {
		own = "501 5.5.4 say who you are"
	}
	cmd.verb = SMTPEhlo
	c.answer(cmd, own, func() { c.helo, c.mail = name, envelope{} })
}

// extensions are what EHLO lists at this point of the session.
func (c *smtpSession) extensions() []string {
	list := []string{"PIPELINING", "SIZE " + strconv.Itoa(c.sink.opts.MaxSize), "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"}
	if c.offersTLS() {
		list = append(list, "STARTTLS")
	}
	if c.offersAuth() {
		list = append(list, "AUTH PLAIN LOGIN")
	}
	return list
}

func (c *smtpSession) offersTLS() bool { return c.sink.opts.Certificate != nil && c.tls == nil }

func (c *smtpSession) offersAuth() bool {
	return len(c.sink.opts.Users) > 0 && (c.tls != nil || c.sink.opts.PlainAuth)
}

func (c *smtpSession) startTLS(cmd said) {
	own := "220 2.0.0 go ahead"
	switch {
	case c.tls != nil:
		own = "503 5.5.1 TLS is there already"
	case !c.offersTLS():
		own = "502 5.5.1 no TLS here"
	case c.br.Buffered() > 0:
		own = "501 5.5.4 nothing may follow STARTTLS in the clear" // it would be taken for part of the session behind
	}
	agreed := false
	c.answer(cmd, own, func() { agreed = true })
	if agreed && c.ok() && !c.over {
		c.secure()
	}
}

func (c *smtpSession) from(cmd said) {
	from, params, ok := smtpPath(cmd.rest, "FROM:")
	own := "250 2.1.0 sender ok"
	switch {
	case c.helo == "":
		own = "503 5.5.1 EHLO first"
	case c.sink.opts.RequireTLS && c.tls == nil:
		own = "530 5.7.0 STARTTLS first"
	case c.sink.opts.NeedAuth && c.user == "":
		own = "530 5.7.0 AUTH first"
	case !c.mail.begun.IsZero():
		own = "503 5.5.1 a message has begun already"
	case !ok:
		own = "501 5.5.4 want MAIL FROM:<address>"
	case announcedSize(params) > c.sink.opts.MaxSize:
		own = tooLarge
	}
	c.answer(cmd, own, func() { c.mail = envelope{begun: time.Now(), from: from} })
}

const tooLarge = "552 5.3.4 message too large"

// announcedSize is the SIZE parameter of a MAIL command, 0 without one.
func announcedSize(params []string) int {
	for _, p := range params {
		if n, ok := strings.CutPrefix(p, "SIZE="); ok {
			size, _ := strconv.Atoi(n) // no number: the message itself will tell
			return size
		}
	}
	return 0
}

func (c *smtpSession) rcpt(cmd said) {
	to, _, ok := smtpPath(cmd.rest, "TO:")
	own := "250 2.1.5 recipient ok"
	switch {
	case c.mail.begun.IsZero():
		own = "503 5.5.1 MAIL first"
	case !ok || to == "":
		own = "501 5.5.4 want RCPT TO:<address>"
	case len(c.mail.to) == maxSMTPRcpt:
		own = "452 4.5.3 too many recipients"
	}
	cmd.to = to
	c.answer(cmd, own, func() { c.mail.to = append(c.mail.to, to) })
}

func (c *smtpSession) data(cmd said) {
	own := "354 end with a dot"
	switch {
	case c.mail.begun.IsZero():
		own = "503 5.5.1 MAIL first"
	case len(c.mail.to) == 0:
		own = "503 5.5.1 no recipient was accepted"
	}
	agreed := false
	c.answer(cmd, own, func() { agreed = true })
	if agreed && c.ok() && !c.over {
		c.receive()
	}
}

// receive reads a message and says what becomes of it.
func (c *smtpSession) receive() {
	data, fits := c.body(c.sink.opts.MaxSize)
	if !c.ok() {
		return
	}
	m := SMTPMessage{
		At: time.Now(), Begun: c.mail.begun, From: c.mail.from, To: slices.Clone(c.mail.to), Data: data,
		Session: c.number, Helo: c.helo, User: c.user, TLS: c.tls,
	}
	c.mail = envelope{}
	step := c.sink.take(SMTPDot, "")
	if !fits {
		c.reply(said{verb: SMTPDot}, step, tooLarge)
		return
	}
	m.parse()
	c.reply(said{verb: SMTPDot}, step, c.sink.keep(m, step))
}

// keep stores m if step lets it, and returns what a sound server says.
func (s *SMTP) keep(m SMTPMessage, step SMTPStep) (own string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Queue = fmt.Sprintf("HT%08d", s.book.stats.Messages+1)
	own = "250 2.0.0 queued as " + m.Queue
	if m.Reply = step.says(own); positive(m.Reply) || step.Keep {
		s.book.add(m)
	}
	return own
}
