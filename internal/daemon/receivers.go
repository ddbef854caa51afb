package daemon

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/alertmanager"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/alerting/merchants"
	"github.com/hookvigil/hookvigil/alerting/pagerduty"
	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/alerting/webhook"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/subscription"
)

// ways are the configured receivers, ready to send, and where each leads.
type ways struct {
	ports  alerting.Ports
	leads  map[string][]alerting.Destination // by receiver name
	names  []string                          // of the receivers, in order
	proofs []proof                           // lanes that can show silently that they work, in order of the receivers
}

// proves reports whether the lane of a proof is asked for it: nobody writes to a
// merchant of our own accord, while a test key names a service for nothing else.
func (w *ways) proves(one proof) bool {
	return one.every > 0 || w.ports.Barred == nil || !w.ports.Barred(alerting.ReceiverOf(one.to.Lane))
}

// proof is a lane that shows silently that its receiver works.
type proof struct {
	to    alerting.Destination
	every time.Duration // not more often than this, whatever the configuration says; 0: as it says
}

// waysOf makes the receivers of c, and knows at any time which are a merchant's
// own.
func (d *Daemon) waysOf(c *config.Config) ways {
	return openWays(c, d.log, d.digested(), subscription.Links{Key: d.unsubscribing, Base: c.Server.PublicURL})
}

// digested returns a function that says whether the digest of some merchant
// goes to a receiver by its digest.slack, as the registry has it when it is
// called. It is safe for concurrent use.
func (d *Daemon) digested() func(receiver string) bool {
	type reading struct {
		of    *registry.Snapshot
		names map[string]bool
	}
	var last atomic.Pointer[reading]
	return func(receiver string) bool {
		snap, r := d.registry.Snapshot(), last.Load()
		if r == nil || r.of != snap {
			r = &reading{snap, map[string]bool{}}
			for _, m := range snap.Merchants() {
				if m.Digest.Slack != "" {
					r.names[m.Digest.Slack] = true
				}
			}
			last.Store(r)
		}
		return r.names[receiver]
	}
}

// proofsOf returns how a receiver shows that it works without a person's
// noticing. A webhook would make a message, and a pager without a service to
// test would wake somebody: notify test is for these.
func proofsOf(r config.Receiver, leads []alerting.Destination) []proof {
	var list []proof
	switch {
	case r.PagerDuty != nil && r.PagerDuty.TestKey != "":
		return []proof{{pagerduty.ProofDestination(r.Name), pagerduty.ProveEvery}}
	case r.Slack != nil && r.Slack.Token != "", r.Email != nil, r.Alertmanager != nil:
		for _, to := range leads {
			list = append(list, proof{to: to})
		}
	}
	return list
}

// openWays makes the receivers of c. A receiver kind is one case here, one
// folder, and one field in the configuration. Digested says whether a
// merchant's digest goes to a receiver; what is a merchant's own hears of nobody
// else's trouble. Links are those by which merchants' digests end.
func openWays(c *config.Config, log *slog.Logger, digested func(receiver string) bool, links subscription.Links) ways {
	own := func(receiver string) bool { return c.MerchantsOwn(receiver, digested(receiver)) }
	w := ways{ports: alerting.Ports{Named: map[string]alerting.Port{}, Barred: own}, leads: map[string][]alerting.Destination{}}
	for _, r := range c.Receivers {
		port := alerting.Port{Kind: r.Kind}
		switch {
		case r.Slack != nil:
			cfg := *r.Slack
			cfg.Silences = true // see Daemon.pressed
			cfg.Wordings = map[alerting.Kind]slack.Wording{digest.KindDigest: slackDigest}
			port.Receiver = slack.New(cfg, log)
			w.leads[r.Name] = []alerting.Destination{slackDestination(r.Name, *r.Slack)}
		case r.Email != nil:
			cfg := *r.Email
			cfg.Wordings = map[alerting.Kind]email.Wording{digest.KindDigest: mailDigest(links), alerting.KindMerchant: mailMerchant}
			port.Receiver, port.Timeout = email.New(cfg, log), cmp.Or(r.Email.Timeout, email.DefaultTimeout)
			for _, to := range r.Email.To {
				w.leads[r.Name] = append(w.leads[r.Name], alerting.Destination{Lane: r.Name + "/" + to, Recipient: to})
			}
		case r.PagerDuty != nil:
			port.Receiver = pagerduty.New(*r.PagerDuty)
			w.leads[r.Name] = []alerting.Destination{pagerduty.Destination(r.Name)}
		case r.Alertmanager != nil:
			port.Receiver = alertmanager.New(*r.Alertmanager, log)
			w.leads[r.Name] = []alerting.Destination{alertmanager.Destination(r.Name)}
		case r.Webhook != nil:
			port.Receiver = webhook.New(*r.Webhook, log)
			w.leads[r.Name] = []alerting.Destination{webhook.Destination(r.Name)}
		}
		w.proofs = append(w.proofs, proofsOf(r, w.leads[r.Name])...)
		w.ports.Named[r.Name] = port
		w.names = append(w.names, r.Name)
	}
	for _, kind := range fallbackOrder {
		for _, name := range w.names {
			if w.ports.Named[name].Kind != kind {
				continue
			}
			for _, d := range w.leads[name] {
				w.ports.Fallback = append(w.ports.Fallback, alerting.Address{Lane: d.Lane, Recipient: d.Recipient})
			}
		}
	}
	return w
}

// fallbackOrder says which kinds of receivers what is critical goes to when its
// own fails: what wakes people first. A program's webhook wakes nobody.
var fallbackOrder = []string{config.KindPagerDuty, config.KindSlack, config.KindEmail, config.KindAlertmanager}

// slackDestination is a channel whose messages are kept up to date, or, by an
// incoming webhook, one that only gets new ones.
func slackDestination(name string, c slack.Config) alerting.Destination {
	if c.Token == "" {
		return alerting.Destination{Lane: name + "/webhook"}
	}
	return alerting.Destination{Lane: name + "/" + c.Channel, Recipient: c.Channel, Form: alerting.FormThread}
}

// kindsOf returns the receivers' kinds by name.
func kindsOf(list []config.Receiver) map[string]string {
	kinds := map[string]string{}
	for _, r := range list {
		kinds[r.Name] = r.Kind
	}
	return kinds
}

// leadsTo returns a destination as it is configured now.
func (w ways) leadsTo(d alerting.Destination) (alerting.Destination, bool) {
	for _, now := range w.leads[alerting.ReceiverOf(d.Lane)] {
		if now.Lane == d.Lane {
			return now, true
		}
	}
	return d, w.has(d.Lane)
}

// has reports whether a lane belongs to a receiver that is configured.
func (w ways) has(lane string) bool {
	_, ok := w.ports.Named[alerting.ReceiverOf(lane)]
	return ok
}

// mailDigest returns what words a digest as a mail to its recipient: a merchant's
// has the link by which it ends, which is made here because each address has its
// own.
func mailDigest(links subscription.Links) email.Wording {
	return func(n alerting.Notice) (email.Letter, error) {
		f, err := digest.Decode(n.Facts)
		if err != nil {
			return email.Letter{}, err
		}
		link := ""
		if f.Kind != digest.KindPlatform {
			link = links.Link(f.Merchant, n.Recipient)
		}
		l, err := digest.MailTo(f, link)
		return email.Letter{Subject: l.Subject, Text: l.Text, HTML: l.HTML, Unsubscribe: link}, err
	}
}

// mailMerchant words an incident for the merchant whose endpoints it is about.
func mailMerchant(n alerting.Notice) (email.Letter, error) {
	l, err := merchants.Word(n.Facts)
	return email.Letter{Subject: l.Subject, Text: l.Text, HTML: l.HTML}, err
}

// slackDigest words a digest as a message.
func slackDigest(facts json.RawMessage) (string, json.RawMessage, error) {
	f, err := digest.Decode(facts)
	if err != nil {
		return "", nil, err
	}
	return digest.Slack(f)
}
