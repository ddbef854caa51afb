package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// Digest is how health digests are made, and through what they go. It is
// comparable: two are alike when they are ==. Without Receiver merchants get
// none, and without ReportTo the platform gets none.
type Digest struct {
	Config   digest.Config // valid; default digest.DefaultConfig(); Spread and Delay that are not set are at most an eighth of Every
	Bucket   time.Duration // length of the buckets that windows are made of; fixed once data_dir has some; default rules.BucketLength
	Receiver string        // name of the receiver, of kind email, that merchants' digests go through; empty: none
	ReportTo string        // name of the receiver, of any kind, that gets the platform's own digest; empty: none
}

// shrunk is the part of a window that Spread and Delay have at most, unless
// the file says otherwise: with 6 h the default of Spread is just that.
const shrunk = 8

// digestLayout is digest as it is written.
type digestLayout struct {
	Every    *registry.Duration `yaml:"every"`
	Offset   *registry.Duration `yaml:"offset"`
	Bucket   *registry.Duration `yaml:"bucket"`
	Spread   *registry.Duration `yaml:"spread"`
	Delay    *registry.Duration `yaml:"delay"`
	DailyAt  *registry.Duration `yaml:"daily_at"`
	Receiver string             `yaml:"receiver"`
	ReportTo string             `yaml:"report_to"`

	Later struct {
		From ignored `yaml:"from" later:"the receiver's own from is used"`
	} `yaml:",inline"`
}

// subscribed counts the merchants of the files that have addresses, for digests
// that they want, or for incidents.
type subscribed struct {
	n     int
	first position // of the addresses of the first
}

// subscriber counts m, which stands at p.
func (l *loader) subscriber(m registry.Merchant, p place) {
	if m.Digest.Slack != "" {
		l.slacks = append(l.slacks, slackUse{m.Digest.Slack, p})
	}
	if len(m.Digest.To) == 0 || m.Digest.Mode == digest.ModeOff {
		return
	}
	if l.digests.n++; l.digests.n == 1 {
		_, at := p.node.find("digest.to")
		l.digests.first = at.held()
	}
}

// slackUse is a merchant of the files whose digest goes to Slack.
type slackUse struct {
	name string // of the receiver
	at   place  // of the merchant
}

// slackReceivers checks that merchants name receivers of kind slack, and tells
// the registry which there are: merchants of the API name them too.
func (l *loader) slackReceivers() {
	for _, r := range l.cfg.Receivers {
		if r.Kind == KindSlack {
			l.cfg.Defaults.Slack = append(l.cfg.Defaults.Slack, r.Name)
		}
	}
	slices.Sort(l.cfg.Defaults.Slack)
	hint := func(intro string) string {
		if len(l.cfg.Defaults.Slack) == 0 {
			return "there is no receiver of kind slack yet: receivers: {toko-maju-slack: {kind: slack, ...}}"
		}
		return intro + strings.Join(l.cfg.Defaults.Slack, ", ")
	}
	for _, use := range l.slacks {
		fault := registry.Fault{Path: "digest.slack"}
		switch r, standing := l.receiverOf(use.name); {
		case standing && r.Kind == KindSlack:
			continue
		case !standing:
			fault.Message, fault.Hint = "there is no receiver "+quote(use.name), hint("one of ")
		case r.Kind != "":
			fault.Message, fault.Hint = quote(use.name)+" is of kind "+r.Kind, hint("receivers of kind slack: ")
		default:
			continue // its own faults are reported
		}
		l.report(use.at, fault)
	}
}

// digest takes what the file says over the defaults, after the receivers.
func (l *loader) digest() {
	in := l.in.Digest
	l.cfg.Digest = Digest{Config: digestConfig(in), Bucket: rules.BucketLength, Receiver: in.Receiver, ReportTo: in.ReportTo}
	_, at := l.root.find("digest")
	for _, f := range joined(l.cfg.Digest.Config.Validate()) {
		if (f.Path == "spread" || f.Path == "delay") && l.out.spoilt(at.src, "digest.every") {
			continue // they are measured by it
		}
		l.bad("digest."+f.Path, f.Hint, "%s", f.Message)
	}
	takeSpan(&l.cfg.Digest.Bucket, in.Bucket)
	l.digestBucket(at.src)
	l.digestReceiver(in.Receiver)
	l.reportReceiver(in.ReportTo)
	l.slackReceivers()
	l.unsent()
}

// digestBucket checks that buckets divide all that is made of them: a quarter
// of an hour divides the windows of every zone, also at +05:45.
func (l *loader) digestBucket(src *source) {
	b := l.cfg.Digest.Bucket
	if b < time.Second || b%time.Second != 0 || rules.BucketLength%b != 0 || b%time.Minute != 0 && time.Minute%b != 0 {
		l.bad("digest.bucket", "wanted 15m, or another whole part of it: 1m, 5m", "%s does not divide a quarter of an hour; windows of zones such as +05:45 begin with one", registry.Duration(b))
		return
	}
	every := l.cfg.Digest.Config.Every
	if day := 24 * time.Hour; every > 0 && (every > day && every%day != 0 || every < day && day%every != 0) && !l.out.spoilt(src, "digest.every") {
		l.warn("digest.every", "a part of a day, such as 1h, 6h or 12h, ends at the same times each day", "windows of %s drift over the day, and are cut in UTC", registry.Duration(every))
	}
	for _, f := range []struct {
		path string
		span time.Duration
	}{{"digest.every", every}, {"digest.offset", l.cfg.Digest.Config.Offset}, {"rules.endpoint_failing.window", l.cfg.Rules.Failing.Window}} {
		if f.span%b != 0 && !l.out.spoilt(src, f.path) {
			l.bad(f.path, "wanted a multiple of digest.bucket: "+registry.Duration(b).String()+", "+registry.Duration(2*b).String(), "%s is cut by the buckets of %s that its facts are kept in", registry.Duration(f.span), registry.Duration(b))
		}
	}
}

// digestConfig returns the defaults with what the file sets. Spread and Delay
// follow a short window, unless they are set.
func digestConfig(in digestLayout) digest.Config {
	c := digest.DefaultConfig()
	takeSpan(&c.Every, in.Every)
	c.Spread, c.Delay = min(c.Spread, c.Every/shrunk), min(c.Delay, c.Every/shrunk)
	for _, s := range []struct {
		field *time.Duration
		value *registry.Duration
	}{{&c.Offset, in.Offset}, {&c.Spread, in.Spread}, {&c.Delay, in.Delay}, {&c.DailyAt, in.DailyAt}} {
		takeSpan(s.field, s.value)
	}
	return c
}

// digestReceiver checks what merchants' digests go through: addresses are of
// mail.
func (l *loader) digestReceiver(name string) {
	const key = "digest.receiver"
	mails := l.mailReceivers()
	switch r, standing := l.receiverOf(name); {
	case name == "" || standing && r.Kind == KindEmail:
	case !standing:
		l.bad(key, mailHint(mails, "one of "), "there is no receiver %s", quote(name))
	case r.Kind != "":
		l.bad(key, mailHint(mails, "receivers of kind email: "), "%s is of kind %s, and merchants have mail addresses", quote(name), r.Kind)
	}
}

// mailReceivers are the names of the receivers of kind email.
func (l *loader) mailReceivers() []string {
	var names []string
	for _, r := range l.cfg.Receivers {
		if r.Kind == KindEmail {
			names = append(names, r.Name)
		}
	}
	return names
}

func mailHint(mails []string, intro string) string {
	if len(mails) == 0 {
		return "there is no receiver of kind email yet: receivers: {mail: {kind: email, ...}}"
	}
	return intro + strings.Join(mails, ", ")
}

// reportReceiver checks who gets the platform's own digest: a route could name
// it as well.
func (l *loader) reportReceiver(name string) {
	const key = "digest.report_to"
	if name == "" {
		return
	}
	r, standing := l.receiverOf(name)
	if !standing {
		l.bad(key, l.receiverHint(name), "there is no receiver %s", quote(name))
		return
	}
	if r.Kind == KindPagerDuty || r.Kind == KindAlertmanager {
		l.bad(key, "name a receiver of kind slack or email", "%s is of kind %s, which takes incidents alone", name, r.Kind)
	}
	if r.Email != nil && len(r.Email.To) == 0 {
		l.report(l.standing[name], registry.Fault{Path: "to", Message: "is missing, and digest.report_to sends the platform's digest here", Hint: "give to: [sre@example.com]"})
	}
}

// unsent warns of merchants that wait for digests in vain.
func (l *loader) unsent() {
	if l.digests.n == 0 || l.cfg.Digest.Receiver != "" || l.failedUnder("digest") {
		return
	}
	have := "merchants have"
	if l.digests.n == 1 {
		have = "merchant has"
	}
	hint := "digest: {receiver: mail}, and receivers: {mail: {kind: email, ...}}"
	if mails := l.mailReceivers(); len(mails) > 0 {
		hint = "digest: {receiver: " + mails[0] + "}"
	}
	l.out.add(l.digests.first, Fault{
		Path: "merchants[].digest.to", Message: fmt.Sprintf("%d %s digest addresses and nobody sends them: there is no digest.receiver", l.digests.n, have),
		Hint: hint, Warning: true,
	})
}
