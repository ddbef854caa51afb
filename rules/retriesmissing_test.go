package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func TestRetriesMissing(t *testing.T) {
	t.Parallel()
	of := func(missing, waiting int) rules.RetriesFact {
		return rules.RetriesFact{Source: "core", Missing: missing, Waiting: waiting}
	}
	many := func(n int, f rules.RetriesFact) []rules.RetriesFact { return slices.Repeat([]rules.RetriesFact{f}, n) }
	for name, tt := range map[string]struct {
		facts []rules.RetriesFact // one each minute
		want  []string
		text  string
	}{
		"exactly 100 and 1 % are not over":                   {many(30, of(100, 10_000)), nil, ""},
		"101 for ten minutes open":                           {many(30, of(101, 1_000_000)), []string{"10 open high 1.1"}, "source core: 101 automatic tries are overdue, 0.0101% of 1,000,000 events that wait; over 100 or 1% for 10m: the sender is late"},
		"over 1 % for ten minutes opens":                     {many(30, of(2, 100)), []string{"10 open high 1.1"}, "source core: 2 automatic tries are overdue, 2% of 100 events that wait; over 100 or 1% for 10m: the sender is late"},
		"of few that wait one late try is none, nor are all": {many(30, of(99, 99)), nil, ""},
		"a minute too short opens nothing":                   {slices.Concat(many(10, of(500, 600)), many(10, of(100, 10_000))), nil, ""},
		"a break begins the ten minutes anew":                {slices.Concat(many(9, of(500, 600)), many(1, of(3, 600)), many(11, of(500, 600))), []string{"20 open high 1.1"}, ""},
		"fewer keep it open":                                 {slices.Concat(many(11, of(500, 600)), many(30, of(1, 600))), []string{"10 open high 1.1"}, ""},
		"none clears":                                        {slices.Concat(many(11, of(500, 600)), many(4, of(1, 600)), many(1, of(0, 600))), []string{"10 open high 1.1", "15 clear high 1.2"}, "source core: no automatic try is overdue any more, after 15m"},
		"nothing waits":                                      {many(30, of(0, 0)), nil, ""},
		"a wave that is worked off in time":                  {slices.Concat(many(9, of(5000, 9000)), many(20, of(0, 100))), nil, ""},
		"more missing than waiting is no share":              {many(11, of(300, 0)), []string{"10 open high 1.1"}, "source core: 300 automatic tries are overdue; over 100 or 1% for 10m: the sender is late"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, last := packTold(rules.DefaultRetriesMissing().Step, time.Minute, tt.facts)
			if !slices.Equal(told, tt.want) {
				t.Errorf("got %q, want %q", told, tt.want)
			}
			if tt.text != "" && last.Evidence.Text != tt.text {
				t.Errorf("text %q\nwant %q", last.Evidence.Text, tt.text)
			}
			if e := last.Evidence; len(tt.want) > 0 && (last.Key.Scope != "source:core" || last.Key.Rule != rules.RuleRetriesMissing || e.Threshold != 0.01 || e.Clears == "" || last.Since.IsZero()) {
				t.Errorf("got %+v, want the source's, with threshold and what clears it", last)
			}
		})
	}
}

func TestRetriesMissingValidates(t *testing.T) {
	t.Parallel()
	if err := rules.DefaultRetriesMissing().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	packRefused(t, rules.RetriesMissing{For: -1, Share: 1}.Validate(), "missing", "share", "least", "for")
}
