package demo

import (
	"errors"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// sinks are where notices arrive.
type sinks struct {
	slack *hooktest.Slack
	mail  *hooktest.SMTP
}

// openSinks starts both. On an error none of them runs.
func openSinks() (*sinks, error) {
	slack, err := hooktest.NewSlack(hooktest.SlackOptions{})
	if err != nil {
		return nil, err
	}
	mail, err := hooktest.NewSMTP(hooktest.SMTPOptions{})
	if err != nil {
		return nil, err
	}
	k := &sinks{slack, mail}
	if err := errors.Join(slack.Start(), mail.Start()); err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

func (k *sinks) close() {
	k.slack.Close()
	k.mail.Close()
}

// messages returns what stands in the channel, replies too.
func (k *sinks) messages() []hooktest.SlackMessage {
	return k.slack.Messages(hooktest.DefaultSlackChannel)
}
