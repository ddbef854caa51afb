package slack

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"

	"github.com/hookvigil/hookvigil/alerting"
)

// Receiver sends notices to one Slack. It implements [alerting.Receiver], and
// is safe for concurrent use.
type Receiver struct {
	cfg    Config
	log    *slog.Logger
	client *http.Client
}

var _ alerting.Receiver = (*Receiver)(nil)

// New returns a receiver for a Config that passed Validate. It sends nothing.
// A nil log is silence.
func New(cfg Config, log *slog.Logger) *Receiver {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	return &Receiver{cfg: cfg, log: log, client: newClient(cfg.Timeout)}
}

// Send makes one attempt at n: a new message, an update of the incident's
// message, or a reply in its thread. A pulse is one message, kept up to date.
// The Ref it returns holds the ts of both.
// It blocks for at most three times Config.Timeout, usually one request. Every
// error is a [*alerting.SendError] without a secret.
//
// From the second attempt on (as [alerting.Claimed] counts them) a new message
// is looked for in the channel first: an earlier attempt may have arrived.
func (r *Receiver) Send(ctx context.Context, n alerting.Notice, prev alerting.Ref) (alerting.Ref, error) {
	switch {
	case r.cfg.Token == "" && n.Kind == alerting.KindPulse:
		return prev, nil // a webhook only makes new messages: there is no silent proof
	case r.cfg.Token == "":
		return r.sendHook(ctx, n, prev)
	}
	root := prev.Root
	if !isTS(root) {
		root = "" // left by a webhook
	}
	switch {
	case root == "":
		return r.start(ctx, n)
	case n.Kind == alerting.KindRoot, n.Kind == alerting.KindPulse:
		return r.renew(ctx, n, alerting.Ref{Root: root, Last: cmp.Or(prev.Last, root)})
	default:
		return r.follow(ctx, n, root)
	}
}

// start begins a thread, or makes a message that stands alone.
func (r *Receiver) start(ctx context.Context, n alerting.Notice) (alerting.Ref, error) {
	ts, err := r.post(ctx, n, "")
	if err != nil {
		return alerting.Ref{}, err
	}
	return alerting.Ref{Root: ts, Last: ts}, nil
}

// renew brings the incident's message up to date; somebody may have deleted it.
func (r *Receiver) renew(ctx context.Context, n alerting.Notice, at alerting.Ref) (alerting.Ref, error) {
	m, err := r.message(n, false)
	if err != nil {
		return alerting.Ref{}, err
	}
	x := r.exchange()
	_, ts, _, err := x.api(r.cfg).UpdateMessageContext(ctx, r.channel(n), at.Root, r.options(n, m)...)
	if err == nil && !isTS(ts) {
		err = errNamesNone
	}
	if err != nil {
		failed := r.failure("chat.update", x, err)
		if wordOf(failed).lost() {
			return r.start(ctx, n)
		}
		return alerting.Ref{}, failed
	}
	return at, nil
}

// follow says what happened in the thread under root.
func (r *Receiver) follow(ctx context.Context, n alerting.Notice, root string) (alerting.Ref, error) {
	ts, err := r.post(ctx, n, root)
	if wordOf(err).lost() {
		return r.start(ctx, n)
	}
	if err != nil {
		return alerting.Ref{}, err
	}
	return alerting.Ref{Root: root, Last: ts}, nil
}

// channel is where n goes.
func (r *Receiver) channel(n alerting.Notice) string { return cmp.Or(n.Recipient, r.cfg.Channel) }

var errNamesNone = errors.New("the answer names no message")

var slackTS = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)

func isTS(s string) bool { return slackTS.MatchString(s) }
