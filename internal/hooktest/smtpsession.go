package hooktest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"time"
)

// Bounds of what a client may say, in bytes.
const (
	maxSMTPLine = 12_288 // a command; RFC 4954 section 4 asks as much for AUTH
	smtpBuffer  = 16_384 // of commands that are sent without waiting; beyond, a delay loses some
	maxSMTPRcpt = 100    // recipients of a message; RFC 5321 section 4.5.3.1.8
)

// smtpSession is one connection to a sink.
type smtpSession struct {
	*exchange
	sink   *SMTP
	number int
	over   bool // the connection is to end

	tls  *tls.ConnectionState // nil: none yet
	helo string
	user string
	mail envelope
}

// envelope is a transaction; the zero value: none has begun.
type envelope struct {
	begun time.Time
	from  string
	to    []string
}

// said is one command: the word that chooses what happens, the rest of the
// line, and the line.
type said struct {
	verb SMTPVerb
	rest string
	line string
	to   string // of RCPT, the address
}

// use makes the session read from and write to conn.
func (c *smtpSession) use(conn net.Conn) {
	c.wrap(conn)
	c.br = bufio.NewReaderSize(c.in, smtpBuffer)
}

// greet speaks first.
func (c *smtpSession) greet() {
	c.answer(said{verb: SMTPGreeting}, "220 hooktest.test ESMTP hooktest", nil)
}

// command reads a command and deals with it.
func (c *smtpSession) command() {
	line, ok := c.line()
	if !ok {
		return
	}
	word, rest, _ := strings.Cut(line, " ")
	cmd := said{verb: SMTPVerb(strings.ToUpper(word)), rest: strings.TrimSpace(rest), line: line}
	switch cmd.verb {
	case SMTPEhlo, "HELO":
		c.hello(cmd)
	case SMTPStartTLS:
		c.startTLS(cmd)
	case SMTPAuth:
		c.auth(cmd)
	case SMTPMail:
		c.from(cmd)
	case SMTPRcpt:
		c.rcpt(cmd)
	case SMTPData:
		c.data(cmd)
	case SMTPRset:
		c.answer(cmd, "250 2.0.0 flushed", func() { c.mail = envelope{} })
	case SMTPNoop:
		c.answer(cmd, "250 2.0.0 still here", nil)
	case SMTPQuit:
		c.answer(cmd, "221 2.0.0 bye", nil)
		c.over = true
	default:
		c.reply(cmd, SMTPStep{}, "502 5.5.1 command not implemented")
	}
}

// answer plays the next step for cmd, to which a sound server would say own.
// effect, when there is one, comes first and only if own and what is said are
// both positive.
func (c *smtpSession) answer(cmd said, own string, effect func()) {
	step := c.sink.take(cmd.verb, cmd.to)
	if effect != nil && positive(own) && positive(step.says(own)) {
		effect()
	}
	c.reply(cmd, step, own)
}

// reply notes cmd, and says what step makes of own.
func (c *smtpSession) reply(cmd said, step SMTPStep, own string) {
	reply := step.says(own)
	c.sink.note(SMTPCommand{At: time.Now(), Session: c.number, Verb: cmd.verb, Line: cmd.line, Reply: reply})
	if step.Delay > 0 && !c.pause(step.Delay) {
		return
	}
	switch step.Fault {
	case SMTPHang:
		c.hang()
	case SMTPReset:
		c.reset()
	default:
		c.say(reply, step.Every)
	}
	c.over = c.over || step.Fault != SMTPNone || strings.HasPrefix(reply, "421") // RFC 5321 section 3.8
}

func (s *SMTP) note(cmd SMTPCommand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book.note(cmd)
}

// say sends a reply, byte by byte when there is time between them.
func (c *smtpSession) say(reply string, every time.Duration) {
	if reply == "" {
		return
	}
	text := smtpWire(reply)
	if every == 0 {
		c.write(text)
		return
	}
	for i := range len(text) {
		if i > 0 && !c.pause(every) {
			return
		}
		c.write(text[i : i+1])
	}
}

// line reads one line of the client, without its end. A line that is too long
// is refused here.
func (c *smtpSession) line() (string, bool) {
	var line []byte
	for long := false; ; {
		c.in.N = maxRequestBytes
		piece, err := c.br.ReadSlice('\n')
		if !long {
			line = append(line, piece...)
		}
		long = long || len(line) > maxSMTPLine
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			c.err = err // the client has gone
			return "", false
		case long:
			c.write("500 5.5.2 line too long\r\n")
			return "", false
		default:
			return strings.TrimRight(string(line), "\r\n"), true
		}
	}
}

// smtpPath takes the address out of "FROM:<a@b> SIZE=1" and the like; params is
// what follows it, in capitals.
func smtpPath(rest, prefix string) (addr string, params []string, ok bool) {
	if len(rest) < len(prefix) || !strings.EqualFold(rest[:len(prefix)], prefix) {
		return "", nil, false
	}
	path, ok := strings.CutPrefix(strings.TrimSpace(rest[len(prefix):]), "<")
	if !ok {
		return "", nil, false
	}
	addr, after, ok := strings.Cut(path, ">")
	if !ok || strings.ContainsAny(addr, " <") {
		return "", nil, false
	}
	return addr, slices.Collect(strings.FieldsSeq(strings.ToUpper(after))), true
}
