package hooktest

import (
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// auth logs the client in by PLAIN (RFC 4616) or LOGIN. A script that does not
// let it in comes into play before any challenge.
func (c *smtpSession) auth(cmd said) {
	mechanism, initial, _ := strings.Cut(cmd.rest, " ")
	cmd.line = "AUTH " + mechanism // the rest is a secret
	mechanism = strings.ToUpper(mechanism)
	own, name := "", ""
	switch {
	case c.helo == "" || c.user != "" || !c.mail.begun.IsZero():
		own = "503 5.5.1 not now"
	case len(c.sink.opts.Users) == 0:
		own = "502 5.5.1 no AUTH here"
	case !c.offersAuth():
		own = "538 5.7.11 TLS first"
	case mechanism != "PLAIN" && mechanism != "LOGIN":
		own = "504 5.5.4 PLAIN or LOGIN"
	}
	step := c.sink.take(SMTPAuth, "")
	if own == "" && positive(step.says("235")) {
		if name, own = c.credentials(mechanism, initial); !c.ok() {
			return
		}
	}
	if positive(own) {
		c.user = name
	}
	c.reply(cmd, step, own) // empty only where the script says something else, or nothing
}

// credentials asks for what is missing, and returns who it is and what to
// reply.
func (c *smtpSession) credentials(mechanism, initial string) (name, reply string) {
	const garbled = "501 5.5.2 that is no base64 of what was asked for"
	var password string
	if mechanism == "PLAIN" {
		text, ok := c.secret(initial, "")
		parts := strings.Split(text, "\x00")
		if !ok || len(parts) != 3 {
			return "", garbled
		}
		name, password = parts[1], parts[2]
	} else {
		var ok, also bool
		name, ok = c.secret(initial, "Username:")
		if !ok {
			return "", garbled
		}
		if password, also = c.secret("", "Password:"); !also {
			return "", garbled
		}
	}
	want, known := c.sink.opts.Users[name]
	if !known || subtle.ConstantTimeCompare([]byte(password), []byte(want)) != 1 {
		return "", "535 5.7.8 wrong name or password"
	}
	return name, "235 2.7.0 welcome"
}

// secret decodes initial or, without it, what the client says to a challenge.
func (c *smtpSession) secret(initial, challenge string) (string, bool) {
	if initial == "" {
		c.write("334 " + base64.StdEncoding.EncodeToString([]byte(challenge)) + "\r\n")
		var ok bool
		if initial, ok = c.line(); !ok {
			return "", false
		}
	}
	if initial == "=" { // RFC 4954: an initial response of no length
		return "", true
	}
	text, err := base64.StdEncoding.DecodeString(initial)
	return string(text), err == nil
}
