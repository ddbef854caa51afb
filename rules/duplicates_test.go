package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func TestDuplicates(t *testing.T) {
	t.Parallel()
	of := func(n, twice int) rules.DuplicatesFact {
		return rules.DuplicatesFact{Source: "core", N: n, Duplicates: twice}
	}
	for name, tt := range map[string]struct {
		facts []rules.DuplicatesFact
		want  []string
		text  string
	}{
		"exactly 1 % is not over it":   {[]rules.DuplicatesFact{of(1000, 10)}, nil, ""},
		"one more opens":               {[]rules.DuplicatesFact{of(1000, 11)}, []string{"0 open high 1.1"}, "source core: 11 of 1,000 automatic attempts of the last 15m sent again what was delivered (1.1%); merchants that do not check for it act twice"},
		"99 attempts are too few":      {[]rules.DuplicatesFact{of(99, 99)}, nil, ""},
		"100 are enough":               {[]rules.DuplicatesFact{of(100, 1), of(100, 2)}, []string{"1 open high 1.1"}, ""},
		"exactly half clears":          {[]rules.DuplicatesFact{of(1000, 11), of(1000, 5)}, []string{"0 open high 1.1", "1 clear high 1.2"}, "source core: 5 of 1,000 automatic attempts of the last 15m sent again what was delivered (0.5%)"},
		"one over half does not":       {[]rules.DuplicatesFact{of(1000, 11), of(1000, 6)}, []string{"0 open high 1.1"}, ""},
		"too few do not":               {[]rules.DuplicatesFact{of(1000, 11), of(99, 0), {}}, []string{"0 open high 1.1"}, ""},
		"retries of failures are none": {[]rules.DuplicatesFact{of(100_000, 0)}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, last := packTold(rules.DefaultDuplicates().Step, time.Minute, tt.facts)
			if !slices.Equal(told, tt.want) {
				t.Errorf("got %q, want %q", told, tt.want)
			}
			if tt.text != "" && last.Evidence.Text != tt.text {
				t.Errorf("text %q\nwant %q", last.Evidence.Text, tt.text)
			}
			if e := last.Evidence; len(tt.want) > 0 && (last.Key.Rule != rules.RuleDuplicates || last.Key.Scope != "source:core" || e.Threshold != 0.01 || e.Clears == "") {
				t.Errorf("got %+v, want the source's, with threshold and what clears it", last)
			}
		})
	}
	packRefused(t, rules.Duplicates{}.Validate(), "share", "least", "window")
	if err := rules.DefaultDuplicates().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}
