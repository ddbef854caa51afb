package email

import (
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
)

// stage is how far a session got.
type stage string

const (
	stageConnect  stage = "connect"
	stageGreeting stage = "greeting"
	stageHello    stage = "EHLO"
	stageTLS      stage = "TLS"
	stageAuth     stage = "AUTH"
	stageMail     stage = "MAIL"
	stageRcpt     stage = "RCPT"
	stageData     stage = "DATA" // the command, the message and its dot
)

// whenUnsent is the class of what was not even begun.
const whenUnsent = alerting.ClassTransient

// failure is what went wrong in a session whose message was not accepted.
type failure struct {
	stage    stage
	class    alerting.Class // decided already; empty: see classify
	code     int            // of the reply; 0: there was none
	enhanced string         // RFC 3463 code of the reply; empty: none
	text     string         // for people, not cleaned yet
}

// classify says what a failure means for the next try, by the table measured
// in reference/alerting.md section 2.2. go-mail's IsTemp is not asked: it calls
// a dropped connection permanent. When in doubt a notice is kept.
func (f failure) classify() alerting.Class {
	switch {
	case f.class != "":
		return f.class
	case f.subject() == "2.2": // mailbox full: it may be emptied within the 48 h that mail is tried
		return alerting.ClassTransient
	case f.code == 0 && f.stage == stageData:
		return alerting.ClassAmbiguous
	case f.code < 400: // none, or one that belongs elsewhere
		return alerting.ClassTransient
	case f.code < 500 || strings.HasPrefix(f.enhanced, "4."):
		return f.temporary()
	default:
		return f.permanent()
	}
}

// temporary splits off throttling, for which SES answers 454. At STARTTLS the
// same code means that TLS is not to be had at the moment (RFC 3207).
func (f failure) temporary() alerting.Class {
	if f.code == 454 && f.stage != stageTLS {
		return alerting.ClassLimited
	}
	return alerting.ClassTransient
}

func (f failure) permanent() alerting.Class {
	switch f.code {
	case 530, 534, 535, 538: // RFC 4954 section 6
		return alerting.ClassAuth
	}
	switch f.stage {
	case stageAuth:
		return alerting.ClassAuth
	case stageMail:
		if f.tooLarge() {
			return alerting.ClassMessage
		}
		return alerting.ClassAuth // it refuses our sender: no notice of this lane would go
	case stageRcpt:
		return f.refusedRecipient()
	case stageData:
		return f.refusedMessage()
	default: // says nothing about this notice
		return alerting.ClassTransient
	}
}

// refusedRecipient: 552 without more is RFC 5321's word for a full mailbox.
func (f failure) refusedRecipient() alerting.Class {
	switch {
	case f.subject() == "3.4":
		return alerting.ClassMessage
	case f.code == 552 && f.enhanced == "":
		return alerting.ClassTransient
	default:
		return alerting.ClassDestination
	}
}

// refusedMessage: some servers judge the recipient only after the dot.
func (f failure) refusedMessage() alerting.Class {
	about := f.subject()
	switch {
	case strings.HasPrefix(about, "1."), about == "2.1":
		return alerting.ClassDestination
	case about != "":
		return alerting.ClassMessage
	case f.code == 550, f.code == 551, f.code == 553:
		return alerting.ClassDestination
	default:
		return alerting.ClassMessage
	}
}

// tooLarge reports a refusal of the size that MAIL announced.
func (f failure) tooLarge() bool { return f.code == 552 || f.subject() == "3.4" }

// subject is the enhanced code without its class: "1.1" of 5.1.1.
func (f failure) subject() string {
	_, rest, _ := strings.Cut(f.enhanced, ".")
	return rest
}
