package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/alerting/alertmanager"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/alerting/pagerduty"
	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/alerting/webhook"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// The kinds of receivers, for [Receiver.Kind].
const (
	KindSlack        = "slack"
	KindEmail        = "email"
	KindPagerDuty    = "pagerduty"
	KindAlertmanager = "alertmanager"
	KindWebhook      = "webhook"
)

// Receiver is a way out for notices. Exactly one of its pointers is set: that
// of its kind.
type Receiver struct {
	Name         string // unique; letters, digits, - and _, at most 64
	Kind         string // slack | email | pagerduty | alertmanager | webhook
	Slack        *slack.Config
	Email        *email.Config
	PagerDuty    *pagerduty.Config
	Alertmanager *alertmanager.Config
	Webhook      *webhook.Config
}

// Equal reports whether r and o are configured alike. Package reflect cannot
// tell, because two pools of the same roots are different to it.
func (r Receiver) Equal(o Receiver) bool {
	if r.Email != nil && o.Email != nil {
		if !r.Email.SMTP.Roots.Equal(o.Email.SMTP.Roots) {
			return false
		}
		a, b := *r.Email, *o.Email
		a.SMTP.Roots, b.SMTP.Roots = nil, nil
		r.Email, o.Email = &a, &b
	}
	if r.Alertmanager != nil && o.Alertmanager != nil {
		if !r.Alertmanager.Roots.Equal(o.Alertmanager.Roots) {
			return false
		}
		a, b := *r.Alertmanager, *o.Alertmanager
		a.Roots, b.Roots = nil, nil
		r.Alertmanager, o.Alertmanager = &a, &b
	}
	if r.Webhook != nil && o.Webhook != nil {
		if !r.Webhook.Roots.Equal(o.Webhook.Roots) {
			return false
		}
		a, b := *r.Webhook, *o.Webhook
		a.Roots, b.Roots = nil, nil
		r.Webhook, o.Webhook = &a, &b
	}
	return reflect.DeepEqual(r, o)
}

var receiverName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// receivers takes the receivers, by name.
func (l *loader) receivers() {
	if l.in.Receivers == nil {
		return
	}
	p, _ := l.root.get("receivers")
	if !l.dec.wants(l.in.Receivers, kindMapping, "receivers", p.at) {
		return
	}
	for _, p := range l.in.Receivers.pairs {
		path := under("receivers", clip(p.key))
		l.standing[p.key] = place{node: p.value, path: path}
		if !receiverName.MatchString(p.key) {
			l.out.add(p.at, Fault{Path: path, Message: quote(p.key) + " is not a receiver's name", Hint: "letters, digits, - and _; at most 64"})
		} else if l.dec.wants(p.value, kindMapping, path, p.at) {
			l.receiver(p)
		}
	}
	slices.SortFunc(l.cfg.Receivers, func(a, b Receiver) int { return cmp.Compare(a.Name, b.Name) })
}

// receiver takes one receiver: a kind is one case here.
func (l *loader) receiver(p pair) {
	r, at := Receiver{Name: p.key}, l.standing[p.key]
	k, _ := p.value.get("kind")
	if k.value != nil && !l.dec.value(k.value, reflect.ValueOf(&r.Kind).Elem(), at.path+".kind", k.at) {
		return
	}
	switch r.Kind {
	case KindSlack:
		r.Slack = l.slackReceiver(at)
	case KindEmail:
		r.Email = l.emailReceiver(at)
	case KindPagerDuty:
		r.PagerDuty = l.pagerdutyReceiver(at)
	case KindAlertmanager:
		r.Alertmanager = l.alertmanagerReceiver(at)
	case KindWebhook:
		r.Webhook = l.webhookReceiver(at)
	case "":
		l.needs(at, "kind", "", "slack, or kind: email")
		return
	default:
		l.word(at, "kind", "a kind of receiver", r.Kind, []string{KindAlertmanager, KindEmail, KindPagerDuty, KindSlack, KindWebhook})
		return
	}
	l.cfg.Receivers = append(l.cfg.Receivers, r)
}

// receiverOf returns the receiver of that name, and whether there is one. Its
// Kind is empty when its faults are reported already.
func (l *loader) receiverOf(name string) (Receiver, bool) {
	_, standing := l.standing[name]
	if i := slices.IndexFunc(l.cfg.Receivers, func(r Receiver) bool { return r.Name == name }); i >= 0 {
		return l.cfg.Receivers[i], standing
	}
	return Receiver{}, standing
}

// receiverHint says which receivers there are, when name is none of them.
func (l *loader) receiverHint(name string) string {
	known := slices.Sorted(maps.Keys(l.standing))
	if len(known) == 0 {
		return "there are no receivers yet: receivers: {" + clip(name) + ": {kind: slack, ...}}"
	}
	return "one of " + strings.Join(known, ", ")
}

// secretSetting is a secret that stands in a file, or comes from the
// environment.
type secretSetting struct {
	key   string // that of the file is key_file
	value probes.Secret
	file  string
	stand probes.Secret // for one that cannot be read, so that it is not missed as well; the Config with it is never used
}

// secret returns what s holds.
func (l *loader) secret(p place, s secretSetting) probes.Secret {
	src, last := p.node.at.src, s.key[strings.LastIndexByte(s.key, '.')+1:]
	switch {
	case l.out.spoilt(src, under(p.path, s.key)) || l.out.spoilt(src, under(p.path, s.key+"_file")):
		return s.stand
	case s.file == "":
		return s.value
	case s.value != "":
		l.report(p, registry.Fault{Path: s.key, Message: last + " and " + last + "_file exclude each other"})
		return s.stand
	case slackSecret.MatchString(s.file) || strings.Contains(s.file, "://"):
		l.report(p, registry.Fault{Path: s.key + "_file", Message: "is the secret itself; wanted the path of a file that holds it", Hint: "put it into a file that its owner alone can read, and withdraw this one if others have seen it"})
		return s.stand
	}
	_, at := p.node.find(s.key + "_file")
	path := s.file
	if !filepath.IsAbs(path) {
		path = filepath.Join(at.src.dir, path)
	}
	held := l.files.secret(path)
	if held.message != "" {
		l.report(p, registry.Fault{Path: s.key + "_file", Message: held.message, Hint: held.hint})
		return s.stand
	}
	return held.value
}
