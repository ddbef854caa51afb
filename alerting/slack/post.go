package slack

import (
	"context"

	slackgo "github.com/slack-go/slack"

	"github.com/hookvigil/hookvigil/alerting"
)

// eventType names our metadata in messages.
const eventType = "hookvigil_notice"

// post makes one new message, in the thread under root unless that is empty,
// and returns its ts. An earlier attempt that arrived counts as this one.
func (r *Receiver) post(ctx context.Context, n alerting.Notice, root string) (string, error) {
	if n.Attempts > 1 {
		if ts, err := r.find(ctx, n, root); err != nil || ts != "" {
			return ts, err
		}
	}
	options, err := r.place(n, root)
	if err != nil {
		return "", err
	}
	x := r.exchange()
	_, ts, err := x.api(r.cfg).PostMessageContext(ctx, r.channel(n), options...)
	if err == nil && !isTS(ts) {
		err = errNamesNone
	}
	if err != nil {
		return "", r.failure("chat.postMessage", x, err)
	}
	return ts, nil
}

// place is a new message and where it stands. What happened is a short line in
// the thread; anything else is told in full, and in the channel as well.
func (r *Receiver) place(n alerting.Notice, root string) ([]slackgo.MsgOption, error) {
	short := root != "" && (n.Kind == alerting.KindUpdate || n.Kind == alerting.KindResolve)
	m, err := r.message(n, short)
	switch {
	case err != nil:
		return nil, err
	case root == "":
		return r.options(n, m), nil
	case short:
		return append(r.options(n, m), slackgo.MsgOptionTS(root)), nil
	default:
		return append(r.options(n, m), slackgo.MsgOptionTS(root), slackgo.MsgOptionBroadcast()), nil
	}
}

// options is m as a call sends it: markup, mentions and previews off.
func (r *Receiver) options(n alerting.Notice, m message) []slackgo.MsgOption {
	blocks := m.blocks
	if n.Reduced {
		blocks = nil // an empty list, so that an update drops the refused ones
	}
	return []slackgo.MsgOption{
		slackgo.MsgOptionText(m.text, true),
		slackgo.MsgOptionBlocks(blocks...),
		slackgo.MsgOptionDisableMarkdown(),
		slackgo.MsgOptionParse(false),
		slackgo.MsgOptionDisableLinkUnfurl(),
		slackgo.MsgOptionDisableMediaUnfurl(),
		slackgo.MsgOptionMetadata(metadataOf(n)),
	}
}

// metadataOf is what [Receiver.find] looks for.
func metadataOf(n alerting.Notice) slackgo.SlackMetadata {
	return slackgo.SlackMetadata{
		EventType:    eventType,
		EventPayload: map[string]any{"idem": n.IdemKey, "version": n.Version},
	}
}
