package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/slack"
)

// slackButtons is what hears the buttons. The zero value is ready.
type slackButtons struct {
	once  sync.Once
	heard *slack.Buttons // both ways in share it: what comes by both has one effect
}

// slackButtons returns what hears the buttons of the receivers in force.
func (d *Daemon) slackButtons() *slack.Buttons {
	d.pressing.once.Do(func() { d.pressing.heard = slack.NewButtons(d.slackApps, d.pressed, d.log) })
	return d.pressing.heard
}

// slackApps lists the Slack receivers in force, by name.
func (d *Daemon) slackApps() []slack.App {
	var list []slack.App
	for _, r := range d.settings.Load().Receivers {
		if r.Slack != nil {
			list = append(list, slack.App{Receiver: r.Name, Config: *r.Slack})
		}
	}
	return list
}

// runSockets answers people who pressed a button, and keeps Slack's sockets,
// those of the configuration in force, until ctx ends. It stops within 300 ms.
func (d *Daemon) runSockets(ctx context.Context) error { return d.slackButtons().Run(ctx) }

// interaction takes what somebody pressed over HTTP. While stopping it goes on:
// the store closes after the listener, and what is told of it goes after the
// next start.
func (d *Daemon) interaction(ctx context.Context, s slack.Signed) error {
	return d.slackButtons().Interaction(ctx, s)
}

// socketProblems says which of Slack's sockets are down, for the self-audit.
func (d *Daemon) socketProblems(now time.Time) []string { return d.slackButtons().Problems(now) }

// pressed does what somebody has pressed, who may. The answer is for that
// person alone; what is done shows in the incident's message, which the outbox
// brings up to date.
func (d *Daemon) pressed(ctx context.Context, p slack.Press) (answer string, err error) {
	switch p.Action {
	case slack.ActionAcknowledge:
		answer, err = d.acknowledge(ctx, p)
	case slack.ActionSilence:
		err = d.Silence(ctx, p.Incident, p.By(), slack.SilenceFor)
		answer = "Silenced until " + time.Now().Add(slack.SilenceFor).UTC().Format("15:04:05 UTC") + ". To end it before: hookvigil silence ls, and rm."
	default:
		err = &slack.UndoneError{Why: "this button is not known here", Answer: "Nothing was done: this hookvigil does not know that button."}
	}
	if errors.Is(err, alerting.ErrNoIncident) {
		return "", &slack.UndoneError{Why: "unknown incident", Answer: "Nothing was done: that incident is not kept any more."}
	}
	if wrong, ok := errors.AsType[*alerting.CommandError](err); ok {
		return "", &slack.UndoneError{Why: wrong.Error(), Answer: fmt.Sprintf("Nothing was done: %s.", wrong)}
	}
	return answer, err
}

// acknowledge acknowledges the incident as it is now. Somebody may be faster:
// then it is read and tried once more.
func (d *Daemon) acknowledge(ctx context.Context, p slack.Press) (answer string, err error) {
	for range 2 {
		in, _, err := d.store.Incident(ctx, p.Incident)
		if err != nil {
			return "", err
		}
		if in.State == alerting.StateAcknowledged && in.AcknowledgedBy == p.By() {
			return "You have acknowledged it already, at " + in.AcknowledgedAt.UTC().Format("15:04:05 UTC") + ".", nil
		}
		_, err = d.column.clerk.Command(ctx, in.ID, in.Version, alerting.Command{Do: alerting.CommandAcknowledge, By: p.By()})
		if _, changed := errors.AsType[*alerting.VersionError](err); !changed {
			return "", err
		}
	}
	return "", &slack.UndoneError{Why: "the incident changed twice meanwhile", Answer: "It changes too fast just now: press again."}
}
