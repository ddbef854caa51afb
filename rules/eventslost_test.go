package rules_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func TestEventsLost(t *testing.T) {
	t.Parallel()
	at := detectorStart.Add(-time.Minute)
	one := rules.LostFact{Lately: 1, Lost: 1, Last: at}
	none := rules.LostFact{Lost: 12}
	for name, tt := range map[string]struct {
		facts []rules.LostFact // one each 20 minutes
		want  []string
		text  string
	}{
		"what was lost long ago opens nothing":                             {[]rules.LostFact{none, none}, nil, ""},
		"one lost event opens":                                             {[]rules.LostFact{none, one}, []string{"1 open high 1.1"}, "1 event had its last automatic try in vain within 1h, the last at 2023-11-10 23:59:00 UTC; 1 is lost within a day"},
		"more are not told again":                                          {[]rules.LostFact{one, {Lately: 500, Lost: 1500}, {Lately: 2000, Lost: 3500}}, []string{"0 open high 1.1"}, ""},
		"an hour without clears":                                           {[]rules.LostFact{one, one, one, none}, []string{"0 open high 1.1", "3 clear high 1.2"}, "no event of the last 1h is lost; 12 are lost within a day"},
		"delivered by hand clears at once":                                 {[]rules.LostFact{one, {}}, []string{"0 open high 1.1", "1 clear high 1.2"}, "no event of the last 1h is lost; 0 are lost within a day"},
		"one told of within the hour waits for its end, and is not missed": {[]rules.LostFact{one, {}, one, one, one}, []string{"0 open high 1.1", "1 clear high 1.2", "3 open high 2.1"}, ""},
		"one in the next hour is an episode of its own":                    {[]rules.LostFact{one, one, one, none, none, one}, []string{"0 open high 1.1", "3 clear high 1.2", "5 open high 2.1"}, ""},
		"many without a time":                                              {[]rules.LostFact{{Lately: 1204, Lost: 3}}, []string{"0 open high 1.1"}, "1,204 events had their last automatic try in vain within 1h; 1,204 are lost within a day"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, last := packTold(rules.DefaultEventsLost().Step, 20*time.Minute, tt.facts)
			if !slices.Equal(told, tt.want) {
				t.Errorf("got %q, want %q", told, tt.want)
			}
			if tt.text != "" && last.Evidence.Text != tt.text {
				t.Errorf("text %q\nwant %q", last.Evidence.Text, tt.text)
			}
		})
	}
}

func TestEventsLostSaysWhyAndWhose(t *testing.T) {
	t.Parallel()
	f := rules.LostFact{Endpoint: "a", Merchant: "m", Host: "a.example", Lately: 3, Lost: 12}
	_, c := rules.DefaultEventsLost().Step(rules.Episode{}, f, detectorStart)
	if c == nil || c.Key.Rule != rules.RuleEventsLost || c.Key.Scope != "endpoint:a" || c.Merchant != "m" || c.Host != "a.example" {
		t.Fatalf("got %+v, want the endpoint's", c)
	}
	if e := c.Evidence; e.Numerator != 3 || e.Denominator != 12 || !e.From.Equal(detectorStart.Add(-time.Hour)) || !strings.Contains(e.Clears, "1h") {
		t.Errorf("got %+v, want 3 of 12 within the hour, and what clears it", e)
	}
	packRefused(t, rules.EventsLost{}.Validate(), "within")
	if err := rules.DefaultEventsLost().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}
