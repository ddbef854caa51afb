package email

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// Receiver sends notices by mail. It holds no connection and no state, and is
// safe for concurrent use.
type Receiver struct {
	cfg Config
	log *slog.Logger
}

var _ alerting.Receiver = (*Receiver)(nil)

// New returns a receiver for a config that Validate has passed. It does not
// dial.
func New(cfg Config, log *slog.Logger) *Receiver {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	return &Receiver{cfg: cfg, log: log}
}

// Send sends one notice to its recipient: one connection, one message, one
// attempt. It blocks until the relay has accepted or refused the message, at
// most Config.Timeout and no longer than ctx, save 2 s for the goodbye. prev
// is not needed: the returned Root, which the whole thread refers to, comes
// from n.Subject, and Last, this message's ID, from n.IdemKey. A failure is a
// *[alerting.SendError] without secrets; when ctx or the bound has ended the
// attempt, it wraps the reason.
func (r *Receiver) Send(ctx context.Context, n alerting.Notice, _ alerting.Ref) (alerting.Ref, error) {
	to, err := recipient(n.Recipient)
	if err != nil {
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassDestination, Err: fmt.Errorf("recipient: %w", err)}
	}
	m, err := r.compose(to, n, time.Now())
	if err != nil {
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassMessage, Err: fmt.Errorf("word the mail: %w", err)}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.cfg.Timeout, fmt.Errorf("no end after %s: %w", r.cfg.Timeout, context.DeadlineExceeded))
	defer cancel() // ends the connection, too
	reply, fail := r.deliver(ctx, m)
	if fail != nil {
		return alerting.Ref{}, r.fault(ctx, fail)
	}
	r.log.DebugContext(ctx, "mail accepted", "lane", n.Lane, "message_id", m.ref.Last, "reply", clean(r.cfg.SMTP.scrub(reply), longName))
	return m.ref, nil
}

// deliver is where a pool would lend a session instead.
func (r *Receiver) deliver(ctx context.Context, m message) (reply string, fail *failure) {
	s, fail := open(ctx, r.cfg.SMTP, domain(m.from), r.cfg.Timeout)
	if fail != nil {
		return "", fail
	}
	defer s.close()
	return s.deliver(m.msg, !ascii(m.to))
}

// fault words a failure.
func (r *Receiver) fault(ctx context.Context, f *failure) error {
	where := "send mail through " + r.cfg.SMTP.address()
	what := clean(r.cfg.SMTP.scrub(f.text), longText)
	err := errors.New(where + ": " + what)
	if cause := context.Cause(ctx); cause != nil && f.code == 0 {
		err = fmt.Errorf("%s: %s: %w", where, f.stage, cause)
	}
	return &alerting.SendError{Class: f.classify(), Err: err}
}
