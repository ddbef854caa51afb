package pagerduty

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
)

// Receiver sends notices to one integration. It implements
// [alerting.Receiver], and is safe for concurrent use.
type Receiver struct {
	cfg    Config
	client *http.Client
}

var _ alerting.Receiver = (*Receiver)(nil)

// New returns a receiver for a Config that passed Validate. It sends nothing.
func New(cfg Config) *Receiver {
	cfg.Timeout, cfg.Client = cmp.Or(cfg.Timeout, DefaultTimeout), cmp.Or(cfg.Client, DefaultClient)
	return &Receiver{cfg: cfg, client: newClient(cfg.Timeout)}
}

// Send makes one attempt at n. It blocks for at most twice Config.Timeout,
// usually one request. Every error is a [*alerting.SendError] without a secret.
//
// An incident is one alert under Facts.Key: a trigger while it is open, an
// acknowledge when somebody has it, a resolve when it is over. The last two are
// sent also when no trigger is known to have arrived: PagerDuty drops them when
// there is no such alert, so that nobody is woken, and they close one whose
// answer was lost. After an acknowledge of ours a trigger would wake nobody
// either; an incident that is open again is therefore resolved first. A version
// of a state that has been told is not told again. While an incident that
// nobody has taken on recovers, its alert is left as it is, with
// [alerting.ClassWithheld]: it ends with a resolve, or is triggered again.
//
// A test opens an alert of its own and resolves it, and so does a silent proof,
// with the test key; without one it is refused. An alarm about another receiver
// is an alert that ends with it ([alerting.AlarmOver]), or that a person closes,
// as a summary's is. Kinds that are not about incidents, such as digests, are
// refused: they would wake somebody.
//
// The Ref holds the dedup_key, and what was done last.
func (r *Receiver) Send(ctx context.Context, n alerting.Notice, prev alerting.Ref) (alerting.Ref, error) {
	w := wordsOf(n)
	switch n.Kind {
	case alerting.KindTest:
		return r.test(ctx, w)
	case alerting.KindPulse:
		return r.prove(ctx, w)
	case alerting.KindDead, alerting.KindSummary:
		return r.tell(ctx, dedup(n.IdemKey), w, trigger)
	case alerting.KindRoot, alerting.KindUpdate, alerting.KindPage, alerting.KindResolve, alerting.KindMail,
		alerting.KindState, alerting.KindHook, alerting.KindMerchant:
		return r.incident(ctx, w, prev)
	default:
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassDestination, Err: fmt.Errorf(
			"pagerduty: a notice of kind %s is not for a pager: it would wake somebody; send it through a receiver of kind slack or email", alerting.Line(string(n.Kind), maxName))}
	}
}

// incident brings the alert of an incident to its state.
func (r *Receiver) incident(ctx context.Context, w words, prev alerting.Ref) (alerting.Ref, error) {
	key, a := dedup(cmp.Or(w.f.Key, w.n.Subject)), actionOf(w.n.Kind, w.f)
	switch {
	case a == nothing:
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassWithheld, Err: errors.New(
			"pagerduty: nothing of the incident fails now: nobody is woken unless it does again")}
	case w.n.Kind == alerting.KindState && prev == done(key, a, w.n):
		return prev, nil
	case a == trigger && did(prev, acknowledge):
		return r.tell(ctx, key, w, resolve, trigger)
	default:
		return r.tell(ctx, key, w, a)
	}
}

// test opens an alert that says what it is, and resolves it.
func (r *Receiver) test(ctx context.Context, w words) (alerting.Ref, error) {
	key := dedup(w.n.IdemKey)
	if _, err := r.tell(ctx, key, w, trigger); err != nil {
		return alerting.Ref{}, err
	}
	ref, err := r.tell(ctx, key, w, resolve)
	if failed, ok := errors.AsType[*alerting.SendError](err); ok {
		failed.Err = fmt.Errorf("%w; the test's alert is open, resolve it in PagerDuty", failed.Err)
	}
	return ref, err
}

// prove does the same where nobody is woken. What fails is the test key's.
func (r *Receiver) prove(ctx context.Context, w words) (alerting.Ref, error) {
	if r.cfg.TestKey == "" {
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassDestination, Err: errors.New(
			"pagerduty: there is no test_key: a proof would wake somebody")}
	}
	ref, err := r.test(ctx, w)
	if failed, ok := errors.AsType[*alerting.SendError](err); ok {
		failed.Err = fmt.Errorf("silent proof with test_key: %w", failed.Err)
	}
	return ref, err
}

// keyFor is the key of the service that a kind of notice is for.
func (r *Receiver) keyFor(k alerting.Kind) probes.Secret {
	if k == alerting.KindPulse {
		return r.cfg.TestKey
	}
	return r.cfg.RoutingKey
}

// tell does one thing after the other to an alert; the first that fails is the
// last.
func (r *Receiver) tell(ctx context.Context, key string, w words, actions ...action) (alerting.Ref, error) {
	var ref alerting.Ref
	for _, a := range actions {
		if err := r.post(ctx, r.event(a, key, w)); err != nil {
			return alerting.Ref{}, err
		}
		ref = done(key, a, w.n)
	}
	return ref, nil
}

// done is the Ref after a was done for n.
func done(key string, a action, n alerting.Notice) alerting.Ref {
	return alerting.Ref{Root: key, Last: fmt.Sprintf("%s/%d", a, n.Version)}
}

// did reports whether a was done last.
func did(prev alerting.Ref, a action) bool {
	var version int
	_, err := fmt.Sscanf(prev.Last, string(a)+"/%d", &version)
	return err == nil
}
