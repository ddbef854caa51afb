package config

import (
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// Incidents is how the desk goes on with an incident once it is open.
type Incidents struct {
	Settle   time.Duration // an endpoint's incident is over once nothing failed for so long, in [0s, 24h]; default 2m
	Flapping alerting.Flapping
	Ladder   alerting.Ladder

	MerchantsAfter time.Duration // what is over before is not worth a mail to a merchant, in [0s, 24h]; default 5m
	MerchantsHold  time.Duration // how long their mails wait at most while many fail at once, in [0s, 15m]; default 15m
	Merchants      string        // name of the receiver, of kind email, that their mails go through; default digest.receiver; empty: they get none
}

// The bounds of the ladder and of flapping.
const (
	mostAgain   = 100
	longestHold = 15 * time.Minute // DESIGN section 5.4
	longestAck  = 7 * 24 * time.Hour
)

// DefaultIncidents returns the settings of a file that has none.
func DefaultIncidents() Incidents {
	d := alerting.DefaultDesk()
	return Incidents{Settle: d.Settle, Flapping: d.Flap, Ladder: d.Ladder, MerchantsAfter: d.Merchants.After, MerchantsHold: d.Merchants.Hold}
}

// incidentsLayout is incidents as it is written.
type incidentsLayout struct {
	Settle   *registry.Duration `yaml:"settle"`
	Flapping struct {
		Turns  *int               `yaml:"turns"`
		Within *registry.Duration `yaml:"within"`
		Stable *registry.Duration `yaml:"stable"`
	} `yaml:"flapping"`
	AckExpires *registry.Duration `yaml:"ack_expires"`
	Again      *registry.Duration `yaml:"again"`
	Renotify   *registry.Duration `yaml:"renotify"`
	Later      *registry.Duration `yaml:"renotify_later"`
	Most       *int               `yaml:"renotify_most"`
	Merchants  struct {
		After    *registry.Duration `yaml:"after"`
		Hold     *registry.Duration `yaml:"hold"`
		Receiver *string            `yaml:"receiver"`
	} `yaml:"merchants"`
}

// incidents takes what the file says over the defaults, after the digest.
func (l *loader) incidents() {
	c, in := DefaultIncidents(), l.in.Incidents
	l.takeSpans(
		spanSetting{"incidents.settle", in.Settle, &c.Settle, 0, longestSpan},
		spanSetting{"incidents.flapping.within", in.Flapping.Within, &c.Flapping.Within, time.Second, longestSpan},
		spanSetting{"incidents.flapping.stable", in.Flapping.Stable, &c.Flapping.Stable, time.Second, longestSpan},
		spanSetting{"incidents.ack_expires", in.AckExpires, &c.Ladder.AckFor, 0, longestAck},
		spanSetting{"incidents.again", in.Again, &c.Ladder.Again, 0, longestSpan},
		spanSetting{"incidents.renotify", in.Renotify, &c.Ladder.First, 0, longestSpan},
		spanSetting{"incidents.renotify_later", in.Later, &c.Ladder.Later, 0, longestSpan},
		spanSetting{"incidents.merchants.after", in.Merchants.After, &c.MerchantsAfter, 0, longestSpan},
		spanSetting{"incidents.merchants.hold", in.Merchants.Hold, &c.MerchantsHold, 0, longestHold},
	)
	l.takeCounts(
		countSetting{"incidents.flapping.turns", in.Flapping.Turns, &c.Flapping.Turns, 0, mostAgain},
		countSetting{"incidents.renotify_most", in.Most, &c.Ladder.Most, 0, mostAgain},
	)
	c.Merchants = l.cfg.Digest.Receiver
	if in.Merchants.Receiver != nil {
		c.Merchants = *in.Merchants.Receiver
		l.merchantsReceiver(c.Merchants)
	}
	l.cfg.Incidents = c
	l.hearers(c.Merchants)
}

// merchantsReceiver checks what merchants' incident mails go through.
func (l *loader) merchantsReceiver(name string) {
	if name == "" {
		return
	}
	r, standing := l.receiverOf(name)
	switch {
	case !standing:
		l.bad("incidents.merchants.receiver", l.receiverHint(name), "there is no receiver %s", quote(name))
	case r.Kind != "" && r.Kind != KindEmail:
		l.bad("incidents.merchants.receiver", "name a receiver of kind email", "%s is of kind %s, and merchants' addresses are of mail", name, r.Kind)
	}
}

// hearers warns of merchants that want to hear of incidents when nothing sends
// it.
func (l *loader) hearers(receiver string) {
	if l.heard.n == 0 || receiver != "" || l.in.Incidents.Merchants.Receiver != nil {
		return // "" says that they are not to
	}
	name := "mail"
	if mails := l.mailReceivers(); len(mails) > 0 {
		name = mails[0]
	}
	l.out.add(l.heard.first, Fault{
		Path: "merchants[].incidents.to", Warning: true, Hint: "set incidents: {merchants: {receiver: " + name + "}}",
		Message: "nobody tells incidents to " + count(l.heard.n, "merchant") + " with addresses: there is neither incidents.merchants.receiver nor digest.receiver",
	})
}

// hearer counts m, which stands at p, when it wants to hear of incidents.
func (l *loader) hearer(m registry.Merchant, p place) {
	if len(m.Incidents.To) == 0 {
		return
	}
	if l.heard.n++; l.heard.n == 1 {
		_, at := p.node.find("incidents.to")
		l.heard.first = at.held()
	}
}
