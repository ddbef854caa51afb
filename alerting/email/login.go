package email

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail/smtp"

	"github.com/hookvigil/hookvigil/alerting"
)

// login proves who we are. The connection has TLS, or ends on this machine.
func (s *session) login() *failure {
	_, offered := s.client.Extension("AUTH")
	clear := s.server.mode() == NoTLS
	var auth smtp.Auth
	switch mechanism(offered) {
	case "PLAIN":
		auth = smtp.PlainAuth("", s.server.Username, s.server.Password.Reveal(), s.server.Host, clear)
	case "LOGIN":
		auth = smtp.LoginAuth(s.server.Username, s.server.Password.Reveal(), s.server.Host, clear)
	default:
		return &failure{
			stage: stageAuth, class: alerting.ClassAuth,
			text: fmt.Sprintf("AUTH: the relay offers %q, wanted PLAIN or LOGIN; without a login leave out smtp.username", offered),
		}
	}
	err := s.client.Auth(auth)
	if err == nil {
		return nil
	}
	f := failed(stageAuth, err)
	if f.code != 0 { // the relay's words may repeat what we said
		f.text = strings.TrimSpace(fmt.Sprintf("AUTH: refused with %d %s", f.code, f.enhanced)) + "; check smtp.username and the password"
	}
	return f
}

// scrub takes out of a text what would tell the password, should a relay
// repeat it.
func (s Server) scrub(text string) string {
	if s.Password == "" {
		return text
	}
	secret := s.Password.Reveal()
	quoted := strconv.Quote(secret)
	b64 := base64.StdEncoding.EncodeToString
	return strings.NewReplacer(
		b64([]byte("\x00"+s.Username+"\x00"+secret)), s.Password.String(),
		b64([]byte(secret)), s.Password.String(),
		quoted[1:len(quoted)-1], s.Password.String(), // as in a *textproto.Error
		secret, s.Password.String(),
	).Replace(text)
}

func noUTF8() *failure {
	return &failure{
		stage: stageRcpt, class: alerting.ClassDestination,
		text: "RCPT: the address is not ASCII, and the relay does not offer SMTPUTF8",
	}
}
