package email

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// goodbye bounds the wait for the reply to QUIT, which changes nothing.
const goodbye = 2 * time.Second

// session is one connection to a relay that is ready for a message. It serves
// one at a time.
type session struct {
	server Server
	conn   net.Conn      // the TCP connection; nil before it is there
	watch  func() bool   // stops the watch that closes conn when ctx ends; false: it has ended
	client *smtp.Client  // nil before the greeting
	within time.Duration // the bound of what go-mail does
	sent   int           // messages that were tried over it
	polite bool          // the relay still answers: it may get another message, or our leave
}

// open dials, greets, secures and logs in. When ctx ends, the connection is
// closed under whatever waits for it.
func open(ctx context.Context, server Server, hello string, within time.Duration) (*session, *failure) {
	s := &session{server: server, within: within}
	fail := s.connect(ctx)
	if fail == nil {
		s.polite = true
		fail = s.prepare(hello)
	}
	if fail != nil {
		s.polite = s.polite && fail.code != 0
		s.close()
		return nil, fail
	}
	return s, nil
}

// connect dials and reads the greeting.
func (s *session) connect(ctx context.Context) *failure {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.server.address())
	if err != nil {
		return failed(stageConnect, err)
	}
	s.conn = conn
	s.guard(ctx)
	if s.server.mode() == NoTLS && !isLoopback(conn.RemoteAddr()) {
		return failed(stageConnect, errors.New("the relay is not on this machine, and smtp.tls is none"))
	}
	if s.server.mode() == Implicit {
		secured := tls.Client(conn, s.server.tls())
		if err := secured.HandshakeContext(ctx); err != nil {
			return failed(stageTLS, err)
		}
		conn = secured // not s.conn: to close what is below is enough
	}
	if s.client, err = smtp.NewClient(conn, s.server.Host); err != nil {
		return failed(stageGreeting, err)
	}
	return nil
}

// guard has the connection closed when ctx ends.
func (s *session) guard(ctx context.Context) {
	s.watch = context.AfterFunc(ctx, func() { _ = s.conn.Close() }) // may have ended by itself
}

// resume makes a connection that has rested ready for a message, and reports
// whether it still works and says so within a while. The RSET also takes back
// whatever a refused message left behind.
func (s *session) resume(ctx context.Context, within time.Duration) bool {
	s.guard(ctx)
	s.polite = s.client.UpdateDeadline(min(within, s.within)) == nil && s.client.Reset() == nil
	return s.polite
}

func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

func (s Server) tls() *tls.Config {
	return &tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
}

// prepare brings a greeted connection to where MAIL may be said.
func (s *session) prepare(hello string) *failure {
	if err := s.client.Hello(hello); err != nil {
		return failed(stageHello, err)
	}
	if s.server.mode() == StartTLS {
		if ok, _ := s.client.Extension("STARTTLS"); !ok {
			return failed(stageTLS, errors.New("the relay does not offer STARTTLS"))
		}
		if err := s.client.StartTLS(s.server.tls()); err != nil {
			return failed(stageTLS, err)
		}
	}
	if s.server.Username == "" {
		return nil
	}
	return s.login()
}

// deliver hands over one message and returns the relay's last reply. What
// goes wrong after the message was accepted is no failure.
func (s *session) deliver(msg *gomail.Msg, utf8 bool) (reply string, fail *failure) {
	if ok, _ := s.client.Extension("SMTPUTF8"); utf8 && !ok {
		return "", noUTF8()
	}
	// Asked for without need, it makes relays bounce what they could deliver.
	s.client.SkipSMTPUTF8(!utf8)
	s.sent++
	// Without NOOP and RSET: resume asks when there is a next message, and what
	// goes wrong then is not this one's failure. The deadline is set anew here.
	sender, err := gomail.NewClient(s.server.Host, gomail.WithTimeout(s.within), gomail.WithoutNoop(), gomail.WithoutRset())
	if err != nil {
		return "", failed(stageConnect, err)
	}
	err = sender.SendWithSMTPClient(s.client, msg)
	if err == nil || msg.IsDelivered() {
		s.polite = err == nil
		return msg.ServerResponse(), nil
	}
	fail = refused(err)
	s.polite = fail.code != 0 && fail.code != 421 // RFC 5321 section 3.8: the relay has gone
	return "", fail
}

// close takes leave, where that makes sense, and closes the connection.
func (s *session) close() {
	if s.conn == nil {
		return
	}
	if s.polite && s.client.UpdateDeadline(goodbye) == nil {
		_ = s.client.Quit() // the message is accepted or refused by now
	}
	s.watch()
	_ = s.conn.Close() // Quit or the watch may have done it
}

var enhancedCode = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})(\s|$)`)

// failed is a failure before the message.
func failed(at stage, err error) *failure {
	f := &failure{stage: at, text: fmt.Sprintf("%s: %s", at, err)}
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		f.code = reply.Code
		if m := enhancedCode.FindStringSubmatch(reply.Msg); m != nil {
			f.enhanced = m[1]
		}
	}
	if isCertificate(err) {
		f.text += "; check smtp.host and the roots"
	}
	return f
}

func isCertificate(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	return ok || name
}

// refused is a failure that go-mail reports. Its errors hide their causes, but
// for the code.
func refused(err error) *failure {
	sent, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return failed(stageData, err)
	}
	f := &failure{code: sent.ErrorCode(), enhanced: sent.EnhancedStatusCode(), text: sent.Error()}
	switch sent.Reason {
	case gomail.ErrSMTPMailFrom:
		f.stage = stageMail
	case gomail.ErrSMTPRcptTo:
		f.stage = stageRcpt
	case gomail.ErrConnCheck:
		f.stage = stageConnect
	default:
		f.stage = stageData
	}
	return f
}

// mechanism chooses how to log in; empty: in no way we know.
func mechanism(offered string) string {
	list := strings.Fields(strings.ToUpper(offered))
	has := func(m string) string {
		if slices.Contains(list, m) {
			return m
		}
		return ""
	}
	return cmp.Or(has("PLAIN"), has("LOGIN"))
}
