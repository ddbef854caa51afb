package alertmanager

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// Receiver sends notices to one Alertmanager, or to all instances of a
// cluster. It implements [alerting.Receiver], and is safe for concurrent use.
type Receiver struct {
	cfg    Config
	log    *slog.Logger
	client *http.Client
	now    func() time.Time
}

var _ alerting.Receiver = (*Receiver)(nil)

// New returns a receiver for a Config that passed Validate. It sends nothing.
// A nil log is silence.
func New(cfg Config, log *slog.Logger) *Receiver {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	cfg.Timeout, cfg.ResolveAfter = cmp.Or(cfg.Timeout, DefaultTimeout), cmp.Or(cfg.ResolveAfter, DefaultResolveAfter)
	cfg.URLs = slices.Clone(cfg.URLs)
	return &Receiver{cfg: cfg, log: log, client: newClient(cfg), now: time.Now}
}

// Send makes one attempt at n, at all instances at once. It went well when at
// least one of them took the alerts, as with Prometheus; what the others said
// is logged. It blocks for at most Config.Timeout. Every error is a
// [*alerting.SendError] without a secret: of the instances' one class, or
// transient when they do not agree.
//
// An incident is one alert by its labels: firing until Config.ResolveAfter from
// now while it is live, whoever has acknowledged it, and over since ResolvedAt
// afterwards. One that is over before it was ever told is posted as well: it
// ends one whose answer was lost, and Alertmanager tells nobody of an alert
// that it has not told of before. When the labels have changed since prev, as
// with a severity that has risen, the alert with the old ones ends in the same
// request.
//
// Events, alarms about other receivers and summaries are not told again and
// fire for four hours; a test is an alert of its own with the severity info,
// and ends after Config.ResolveAfter. Kinds that are not about incidents, such
// as digests, are refused: they are no alerts.
//
// The Ref holds the incident's ID, and the labels.
func (r *Receiver) Send(ctx context.Context, n alerting.Notice, prev alerting.Ref) (alerting.Ref, error) {
	switch n.Kind {
	case alerting.KindPulse:
		return prev, r.everywhere(ctx, []byte("[]")) // taken as any alerts are, and changes nothing
	case alerting.KindTest, alerting.KindDead, alerting.KindSummary, alerting.KindRoot, alerting.KindUpdate, alerting.KindPage,
		alerting.KindResolve, alerting.KindMail, alerting.KindState, alerting.KindHook, alerting.KindMerchant:
	default:
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassDestination, Err: fmt.Errorf(
			"alertmanager: a notice of kind %s is no alert; send it through a receiver of kind slack or email", clean(string(n.Kind), maxName))}
	}
	w := wordsOf(n)
	list, labels := r.alerts(w, prev)
	body, err := encode(list)
	if err != nil { // a year beyond 9999
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassMessage, Err: errors.New("alertmanager: the alert cannot be written as JSON")}
	}
	if err := r.everywhere(ctx, body); err != nil {
		return alerting.Ref{}, err
	}
	return refOf(w, labels), nil
}

// everywhere posts body to all instances, and waits for all of them.
func (r *Receiver) everywhere(ctx context.Context, body []byte) error {
	failures := make([]*alerting.SendError, len(r.cfg.URLs))
	var wg sync.WaitGroup
	for i, base := range r.cfg.URLs {
		wg.Go(func() { failures[i] = r.post(ctx, base, body) })
	}
	wg.Wait()
	failed := slices.DeleteFunc(failures, func(e *alerting.SendError) bool { return e == nil })
	if len(failed) == len(r.cfg.URLs) {
		return together(failed)
	}
	for _, e := range failed {
		r.log.Warn("an instance did not take an alert that another one has", "class", e.Class, "error", e.Err)
	}
	return nil
}

// together makes one failure of several.
func together(failed []*alerting.SendError) *alerting.SendError {
	all := alerting.SendError{Class: failed[0].Class, RetryAfter: failed[0].RetryAfter}
	texts := make([]string, len(failed))
	for i, e := range failed {
		texts[i] = e.Err.Error()
		if e.Class != all.Class {
			all.Class = alerting.ClassTransient
		}
		all.RetryAfter = min(all.RetryAfter, e.RetryAfter)
	}
	if all.Class != alerting.ClassLimited {
		all.RetryAfter = 0
	}
	all.Err = errors.New("alertmanager: " + strings.Join(texts, "; "))
	return &all
}
