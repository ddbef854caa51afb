package hooktest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// SMTPVerb names a moment of a session at which the server speaks; it is the
// key of scripts.
type SMTPVerb string

// The verbs. A HELO follows the script of SMTPEhlo.
const (
	SMTPGreeting SMTPVerb = "greeting" // before any command; with implicit TLS after the handshake
	SMTPEhlo     SMTPVerb = "EHLO"
	SMTPStartTLS SMTPVerb = "STARTTLS"
	SMTPAuth     SMTPVerb = "AUTH"
	SMTPMail     SMTPVerb = "MAIL"
	SMTPRcpt     SMTPVerb = "RCPT"
	SMTPData     SMTPVerb = "DATA" // the command: what is said before the message
	SMTPDot      SMTPVerb = "."    // after the message
	SMTPRset     SMTPVerb = "RSET"
	SMTPNoop     SMTPVerb = "NOOP"
	SMTPQuit     SMTPVerb = "QUIT"

	SMTPAny SMTPVerb = "" // in scripts: each verb that has no script of its own
)

// SMTPVerbs returns all verbs but SMTPAny, in the order of a session. The
// slice is the caller's.
func SMTPVerbs() []SMTPVerb {
	return []SMTPVerb{
		SMTPGreeting, SMTPEhlo, SMTPStartTLS, SMTPAuth, SMTPMail, SMTPRcpt, SMTPData, SMTPDot, SMTPRset, SMTPNoop, SMTPQuit,
	}
}

// SMTPFault is one way in which a session goes wrong, whatever is replied.
type SMTPFault string

// The faults.
const (
	SMTPNone       SMTPFault = ""            // replies
	SMTPHang       SMTPFault = "hang"        // no reply, and silent until the client goes or Close
	SMTPDropBefore SMTPFault = "drop_before" // closes the connection instead of a reply
	SMTPDropAfter  SMTPFault = "drop_after"  // replies and closes the connection
	SMTPReset      SMTPFault = "reset"       // resets the connection instead of a reply
)

func smtpFaults() []SMTPFault {
	return []SMTPFault{SMTPNone, SMTPHang, SMTPDropBefore, SMTPDropAfter, SMTPReset}
}

// SMTPStep is one step of a script. The zero value is what a sound server
// does. A step is for one command; with Times for that many, with For for all
// of that time, counted from Play for the first step and from the end of the
// step before for the others. Without either, the last step stays.
type SMTPStep struct {
	Reply string // as in "450 4.2.0 try later", more lines after \n; empty: the sink's own. A 421 ends the session
	Fault SMTPFault

	// Keep makes the sink keep the message at SMTPDot though the client is not
	// told so. Otherwise it keeps what it replies 2xx to, delayed or not.
	Keep bool

	Delay time.Duration // before all of that, but after a message was kept
	Every time.Duration // between two bytes of the reply; 0: at once

	Times int           // how many commands; 0: see above
	For   time.Duration // how long; 0: see above
}

func (s SMTPStep) lasts() (int, time.Duration) { return s.Times, s.For }

// says returns the reply to a command for which a sound server would say own;
// empty: nothing.
func (s SMTPStep) says(own string) string {
	if s.Fault != SMTPNone && s.Fault != SMTPDropAfter {
		return ""
	}
	return orElse(s.Reply, own)
}

func (s SMTPStep) check(verb SMTPVerb) error {
	if !slices.Contains(smtpFaults(), s.Fault) {
		return fmt.Errorf("%q is no fault", string(s.Fault))
	}
	if s.Reply != "" && !regexp.MustCompile(`^[2-5]\d\d [^\r]+$`).MatchString(strings.ReplaceAll(s.Reply, "\n", " ")) {
		return fmt.Errorf("reply %q: want a code, a space and a text, such as \"450 4.2.0 try later\"", s.Reply)
	}
	if s.Keep && verb != SMTPDot {
		return errors.New("a step with Keep is for SMTPDot alone")
	}
	if err := checkBounds(0, s.Delay, s.Every); err != nil {
		return err
	}
	return checkLasting(s)
}

// smtpKey is what a script is for.
type smtpKey struct {
	verb SMTPVerb
	to   string // of SMTPRcpt, one address in lower case; empty: all
}

func checkSMTPScript(verb SMTPVerb, steps []SMTPStep) error {
	if verb != SMTPAny && !slices.Contains(SMTPVerbs(), verb) {
		return fmt.Errorf("%q is no verb of the SMTP sink", string(verb))
	}
	for i, s := range steps {
		if err := s.check(verb); err != nil {
			return fmt.Errorf("step %d for %q: %w", i+1, string(verb), err)
		}
	}
	return nil
}

// smtpWire writes a reply as it is sent: each line with its code
// (RFC 5321 section 4.2.1).
func smtpWire(reply string) string {
	var out strings.Builder
	lines := strings.Split(reply[4:], "\n")
	for i, line := range lines {
		mark := "-"
		if i == len(lines)-1 {
			mark = " "
		}
		out.WriteString(reply[:3] + mark + line + "\r\n")
	}
	return out.String()
}

// positive reports whether a reply lets the client go on: 2xx or 3xx.
func positive(reply string) bool { return reply != "" && reply[0] < '4' }
