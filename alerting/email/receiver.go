package email

import (
	"cmp"
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// Receiver sends notices by mail, over a few connections that it keeps for a
// moment. It has no other state, and is safe for concurrent use.
type Receiver struct {
	cfg  Config
	log  *slog.Logger
	key  crypto.Signer // nil: mails are not signed
	pool *pool
}

var _ alerting.Receiver = (*Receiver)(nil)

// New returns a receiver for a config that Validate has passed. It does not
// dial. It needs no end: connections that nobody uses close by themselves
// within 20 s.
func New(cfg Config, log *slog.Logger) *Receiver {
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	cfg.Connections = cmp.Or(cfg.Connections, DefaultConnections)
	r := &Receiver{cfg: cfg, log: log}
	if cfg.DKIM != (DKIM{}) {
		r.key, _ = cfg.DKIM.key() // Validate has read it
	}
	hello := "localhost"
	if from, err := sender(cfg.From); err == nil {
		hello = domain(from.Address)
	}
	r.pool = newPool(cfg.Connections, func(ctx context.Context) (*session, *failure) {
		return open(ctx, cfg.SMTP, hello, cfg.Timeout)
	})
	return r
}

// Send sends one notice to its recipient: one message, one attempt, over a new
// connection or one that is left from an earlier message. It blocks until the
// relay has accepted or refused the message, at most Config.Timeout and no
// longer than ctx, save 2 s for a goodbye. prev is not needed: the returned
// Root, which the whole thread refers to, comes from n.Subject, and Last, this
// message's ID, from n.IdemKey. A failure is a *[alerting.SendError] without
// secrets; when ctx or the bound has ended the attempt, it wraps the reason.
//
// A pulse connects and logs in, and sends no message. Kinds with a wording of their own, such as digests, never take the last
// connection: what tells of an incident does not wait behind them.
func (r *Receiver) Send(ctx context.Context, n alerting.Notice, _ alerting.Ref) (alerting.Ref, error) {
	if n.Kind == alerting.KindPulse {
		return alerting.Ref{}, r.prove(ctx)
	}
	to, err := recipient(n.Recipient)
	if err != nil {
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassDestination, Err: fmt.Errorf("recipient: %w", err)}
	}
	m, err := r.compose(to, n, time.Now())
	if err != nil {
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassMessage, Err: fmt.Errorf("word the mail: %w", err)}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.cfg.Timeout, fmt.Errorf("no end after %s: %w", r.cfg.Timeout, context.DeadlineExceeded))
	defer cancel()
	reply, fail := r.deliver(ctx, m, r.cfg.Wordings[n.Kind] != nil)
	if fail != nil {
		return alerting.Ref{}, r.fault(ctx, fail)
	}
	r.log.DebugContext(ctx, "mail accepted", "lane", n.Lane, "message_id", m.ref.Last, "reply", alerting.Line(r.cfg.SMTP.scrub(reply), longName))
	return m.ref, nil
}

// prove connects to the relay and logs in, and sends nothing: the silent proof
// that mail would go.
func (r *Receiver) prove(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.cfg.Timeout, fmt.Errorf("no end after %s: %w", r.cfg.Timeout, context.DeadlineExceeded))
	defer cancel()
	s, fail := r.pool.open(ctx)
	if fail != nil {
		return r.fault(ctx, fail)
	}
	s.close()
	return nil
}

// deliver hands a message over, by a connection of the pool.
func (r *Receiver) deliver(ctx context.Context, m message, canWait bool) (reply string, fail *failure) {
	s, fail := r.pool.borrow(ctx, canWait)
	if fail != nil {
		return "", fail
	}
	defer r.pool.give(s, canWait)
	return s.deliver(m.msg, !ascii(m.to))
}

// fault words a failure.
func (r *Receiver) fault(ctx context.Context, f *failure) error {
	where := "send mail through " + r.cfg.SMTP.address()
	what := alerting.Line(r.cfg.SMTP.scrub(f.text), longText)
	err := errors.New(where + ": " + what)
	if cause := context.Cause(ctx); cause != nil && f.code == 0 {
		err = fmt.Errorf("%s: %s: %w", where, f.stage, cause)
	}
	return &alerting.SendError{Class: f.classify(), Err: err}
}
