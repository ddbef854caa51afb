package slack

import (
	"cmp"

	slackgo "github.com/slack-go/slack"

	"github.com/hookvigil/hookvigil/alerting"
)

// buttons are what people can do about the incident as it stands; none on a
// message that nobody hears, and none when it is over.
func (w words) buttons() []slackgo.BlockElement {
	if !w.presses || w.f.State == "" || !w.f.State.Live() || !incidentID.MatchString(w.f.Incident) {
		return nil
	}
	var list []slackgo.BlockElement
	if w.unanswered() {
		list = append(list, w.button(ActionAcknowledge, "Acknowledge").WithStyle(slackgo.StylePrimary))
	}
	if w.silence && w.f.QuietUntil.IsZero() {
		list = append(list, w.button(ActionSilence, "Silence 1 h"))
	}
	if len(w.f.Runbook) <= maxSection && linkTo(w.f.Runbook, "Runbook") != "" {
		list = append(list, w.button(actionRunbook, "Runbook").WithURL(w.f.Runbook))
	}
	return list
}

func (w words) button(a Action, label string) *slackgo.ButtonBlockElement {
	return slackgo.NewButtonBlockElement(string(a), w.f.Incident, plainText(label))
}

// unanswered reports whether the incident waits for somebody to say that they
// are at it.
func (w words) unanswered() bool {
	return w.f.State == alerting.StateOpen || w.f.State.Live() && w.f.State != alerting.StateAcknowledged && w.f.AcknowledgedAt.IsZero()
}

// command is what to type where there is no button; empty when nobody has to,
// or a button does it.
func (w words) command() string {
	short := w.number()
	if short == "" || w.f.State == "" || w.presses || w.below || !w.unanswered() || w.n.Kind == alerting.KindMerchant {
		return ""
	}
	return "Acknowledge: hookvigil incident ack " + short
}

// number names the incident to people, and to commands.
func (w words) number() string { return alerting.Line(cmp.Or(w.f.Number, w.f.Incident), maxValue/2) }
