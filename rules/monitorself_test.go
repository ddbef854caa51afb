package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func TestMonitorSelf(t *testing.T) {
	t.Parallel()
	well := rules.SelfFact{Name: "duty"}
	bad := rules.SelfFact{Name: "duty", Problems: []string{"store: not writable: no space left"}}
	many := rules.SelfFact{Name: "duty", Problems: []string{"a", "b", "c", "d", "e"}}
	times := func(n int, f rules.SelfFact) []rules.SelfFact { return slices.Repeat([]rules.SelfFact{f}, n) }
	for name, tt := range map[string]struct {
		rule  rules.MonitorSelf
		facts []rules.SelfFact // 10 s apart
		want  []string
		text  string // of the last
	}{
		"nothing wrong":                {rules.DefaultMonitorSelf(), times(20, well), nil, ""},
		"50 s are not a minute":        {rules.DefaultMonitorSelf(), slices.Concat(times(6, bad), times(20, well)), nil, ""},
		"a minute opens, critical":     {rules.DefaultMonitorSelf(), times(7, bad), []string{"6 open critical 1.1"}, "store: not writable: no space left"},
		"it is told once":              {rules.DefaultMonitorSelf(), times(90, bad), []string{"6 open critical 1.1"}, ""},
		"another problem is the same":  {rules.DefaultMonitorSelf(), slices.Concat(times(7, bad), times(9, many)), []string{"6 open critical 1.1"}, ""},
		"a good audit between is none": {rules.DefaultMonitorSelf(), slices.Concat(times(5, bad), times(1, well), times(6, bad)), nil, ""},
		"a minute of good audits clears": {rules.DefaultMonitorSelf(), slices.Concat(times(7, bad), times(6, well)), []string{"6 open critical 1.1", "12 clear critical 1.2"},
			"duty of hookvigil itself is well again, after 2m"},
		"50 s of them do not":   {rules.DefaultMonitorSelf(), slices.Concat(times(7, bad), times(5, well), times(1, bad), times(5, well)), []string{"6 open critical 1.1"}, ""},
		"three are named":       {rules.DefaultMonitorSelf(), times(7, many), []string{"6 open critical 1.1"}, "a; b; c; and 2 further problems"},
		"without for, at once":  {rules.MonitorSelf{Good: 1}, slices.Concat(times(2, bad), times(2, well)), []string{"0 open critical 1.1", "2 clear critical 1.2"}, ""},
		"and again, as the 2nd": {rules.MonitorSelf{Good: 1}, slices.Concat(times(1, bad), times(1, well), times(1, bad)), []string{"0 open critical 1.1", "1 clear critical 1.2", "2 open critical 2.1"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, last := packTold(tt.rule.Step, 10*time.Second, tt.facts)
			if !slices.Equal(got, tt.want) {
				t.Errorf("told %q, want %q", got, tt.want)
			}
			if tt.text != "" && last.Evidence.Text != tt.text {
				t.Errorf("the text is %q, want %q", last.Evidence.Text, tt.text)
			}
			if len(got) > 0 && (last.Key.Rule != rules.RuleMonitorSelf || last.Key.Scope != rules.SelfDuty || last.Evidence.Clears == "" || !last.Since.Equal(last.Evidence.From)) {
				t.Errorf("told %+v", last)
			}
		})
	}
}

func TestMonitorSelfCutsLongProblems(t *testing.T) {
	t.Parallel()
	_, c := rules.MonitorSelf{Good: 1}.Step(rules.Episode{}, rules.SelfFact{Name: "x", Problems: []string{strings.Repeat("é", 10_000)}}, detectorStart)
	if c == nil || len(c.Evidence.Text) > 310 || strings.ContainsRune(c.Evidence.Text, '\uFFFD') {
		t.Errorf("got %+v", c)
	}
}

func TestMonitorSelfValidate(t *testing.T) {
	t.Parallel()
	if err := rules.DefaultMonitorSelf().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	packRefused(t, rules.MonitorSelf{For: -1}.Validate(), "for", "good")
}

func ExampleMonitorSelf() {
	m := rules.DefaultMonitorSelf()
	e := rules.Episode{}
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for at := noon; ; at = at.Add(10 * time.Second) {
		var c *rules.Change
		if e, c = m.Step(e, rules.SelfFact{Name: "duty", Problems: []string{"desk: the incidents could not be stored for 14s"}}, at); c != nil {
			fmt.Println(at.Format(time.TimeOnly), c.Key.Rule, c.Key.Scope, c.Severity, c.Evidence.Text)
			return
		}
	}
	// Output: 12:01:00 monitor_self self:duty critical desk: the incidents could not be stored for 14s
}
