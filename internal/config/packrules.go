package config

import (
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// packLayout is the rules that follow deliveries beyond their ratios, as they
// are written: the keys are those of rules.Pack.
type packLayout struct {
	LossComing struct {
		Within *registry.Duration `yaml:"within"`
		Urgent *registry.Duration `yaml:"urgent"`
	} `yaml:"loss_coming"`
	EventsLost struct {
		Within *registry.Duration `yaml:"within"`
	} `yaml:"events_lost"`
	Slow struct {
		Window     *registry.Duration `yaml:"window"`
		Least      *int               `yaml:"least"`
		Share      *rules.Ratio       `yaml:"share"`
		Budget     *registry.Duration `yaml:"budget"`
		OfDeadline *rules.Ratio       `yaml:"of_deadline"`
		Urgent     *rules.Ratio       `yaml:"urgent"`
	} `yaml:"endpoint_slow"`
	Retries struct {
		Missing *int               `yaml:"missing"`
		Share   *rules.Ratio       `yaml:"share"`
		Least   *int               `yaml:"least"`
		For     *registry.Duration `yaml:"for"`
	} `yaml:"retries_missing"`
	Upstream   shareLayout `yaml:"upstream_delay"`
	Duplicates shareLayout `yaml:"duplicates"`
	Silence    struct {
		Factor *float64           `yaml:"factor"`
		Least  *registry.Duration `yaml:"least"`
	} `yaml:"silence"`
}

// shareLayout is a rule about a share of what came lately.
type shareLayout struct {
	Share  *rules.Ratio       `yaml:"share"`
	Least  *int               `yaml:"least"`
	Window *registry.Duration `yaml:"window"`
}

// pack takes what the file says over the defaults, and reports what the rules'
// own checks find.
func (l *loader) pack(in packLayout) rules.Pack {
	p := rules.DefaultPack()
	takeSpan(&p.LossComing.Within, in.LossComing.Within)
	takeSpan(&p.LossComing.Urgent, in.LossComing.Urgent)
	takeSpan(&p.EventsLost.Within, in.EventsLost.Within)
	takeSpan(&p.EndpointSlow.Window, in.Slow.Window)
	take(&p.EndpointSlow.Least, in.Slow.Least)
	take(&p.EndpointSlow.Share, in.Slow.Share)
	takeSpan(&p.EndpointSlow.Budget, in.Slow.Budget)
	take(&p.EndpointSlow.OfDeadline, in.Slow.OfDeadline)
	take(&p.EndpointSlow.Urgent, in.Slow.Urgent)
	take(&p.RetriesMissing.Missing, in.Retries.Missing)
	take(&p.RetriesMissing.Share, in.Retries.Share)
	take(&p.RetriesMissing.Least, in.Retries.Least)
	takeSpan(&p.RetriesMissing.For, in.Retries.For)
	in.Upstream.take(&p.UpstreamDelay.Share, &p.UpstreamDelay.Least)
	takeSpan(&p.UpstreamDelay.Window, in.Upstream.Window)
	in.Duplicates.take(&p.Duplicates.Share, &p.Duplicates.Least)
	takeSpan(&p.Duplicates.Window, in.Duplicates.Window)
	take(&p.Silence.Factor, in.Silence.Factor)
	takeSpan(&p.Silence.Least, in.Silence.Least)
	for _, f := range joined(p.Validate()) {
		hint := ""
		if !l.set("rules." + f.Path) {
			hint = "that is its default; set it as well, so that it fits what is set"
		}
		l.bad("rules."+f.Path, hint, "%s", f.Message)
	}
	return p
}

func (in shareLayout) take(share *rules.Ratio, least *int) {
	take(share, in.Share)
	take(least, in.Least)
}
