package rules

import (
	"errors"
	"fmt"
)

// Pack is the rules that follow deliveries beyond their ratios. The zero value
// is refused by Validate; begin with [DefaultPack].
type Pack struct {
	LossComing     LossComing
	EventsLost     EventsLost
	EndpointSlow   EndpointSlow
	RetriesMissing RetriesMissing
	UpstreamDelay  UpstreamDelay
	Duplicates     Duplicates
	Silence        SourceSilence // of sources and endpoints, learned
}

// DefaultPack returns the defaults of each.
func DefaultPack() Pack {
	return Pack{
		LossComing: DefaultLossComing(), EventsLost: DefaultEventsLost(), EndpointSlow: DefaultEndpointSlow(),
		RetriesMissing: DefaultRetriesMissing(), UpstreamDelay: DefaultUpstreamDelay(), Duplicates: DefaultDuplicates(),
		Silence: DefaultSourceSilence(),
	}
}

// Validate reports every fault of every rule at once, each with its path:
// "loss_coming.within: ...".
func (p Pack) Validate() error {
	var f faultList
	for _, r := range []struct {
		rule  Rule
		check interface{ Validate() error }
	}{
		{RuleLossComing, p.LossComing}, {RuleEventsLost, p.EventsLost}, {RuleEndpointSlow, p.EndpointSlow},
		{RuleRetriesMissing, p.RetriesMissing}, {RuleUpstreamDelay, p.UpstreamDelay}, {RuleDuplicates, p.Duplicates},
		{RuleSilence, p.Silence},
	} {
		list, _ := errors.AsType[interface {
			error
			Unwrap() []error
		}](r.check.Validate())
		if list == nil {
			continue
		}
		for _, err := range list.Unwrap() {
			f = append(f, fmt.Errorf("%s.%w", r.rule, err))
		}
	}
	return errors.Join(f...)
}
