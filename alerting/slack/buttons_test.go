package slack_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/slack"
)

const (
	ackID     = string(slack.ActionAcknowledge)
	silenceID = string(slack.ActionSilence)
	runbookID = "hookvigil_runbook"
)

// TestButtonsFitTheState: what nobody needs any more goes.
func TestButtonsFitTheState(t *testing.T) {
	t.Parallel()
	all := []string{ackID, silenceID, runbookID}
	handled := []string{silenceID, runbookID}
	edit := func(change func(*alerting.Facts)) alerting.Facts {
		f := facts()
		change(&f)
		return f
	}
	reconciled := resolved()
	reconciled.State = alerting.StateReconciled
	for name, tt := range map[string]struct {
		kind  alerting.Kind
		facts alerting.Facts
		cfg   func(*slack.Config)
		want  []string
	}{
		"open":                         {alerting.KindRoot, facts(), byButtons, all},
		"open, by Socket Mode":         {alerting.KindRoot, facts(), func(c *slack.Config) { bySocket(c); c.Silences = true }, all},
		"nobody silences":              {alerting.KindRoot, facts(), bySocket, []string{ackID, runbookID}},
		"nobody hears":                 {alerting.KindRoot, facts(), func(c *slack.Config) { c.Silences = true }, nil},
		"an incoming webhook":          {alerting.KindRoot, facts(), byHook, nil},
		"acknowledged":                 {alerting.KindRoot, acknowledged(), byButtons, handled},
		"mitigated after that":         {alerting.KindRoot, mitigated(), byButtons, handled},
		"mitigated, nobody answered":   {alerting.KindRoot, edit(func(f *alerting.Facts) { f.State = alerting.StateMitigated }), byButtons, all},
		"open again: the ack ran out":  {alerting.KindRoot, edit(func(f *alerting.Facts) { f.AcknowledgedAt = opened }), byButtons, all},
		"recovering":                   {alerting.KindRoot, recovering(), byButtons, handled},
		"resolved":                     {alerting.KindRoot, resolved(), byButtons, nil},
		"reconciled":                   {alerting.KindRoot, reconciled, byButtons, nil},
		"silenced":                     {alerting.KindRoot, silenced(), byButtons, []string{ackID, runbookID}},
		"without a runbook":            {alerting.KindRoot, edit(func(f *alerting.Facts) { f.Runbook = "" }), byButtons, []string{ackID, silenceID}},
		"a runbook that is no link":    {alerting.KindRoot, edit(func(f *alerting.Facts) { f.Runbook = "javascript:x" }), byButtons, []string{ackID, silenceID}},
		"an ID that is none":           {alerting.KindRoot, edit(func(f *alerting.Facts) { f.Incident = "a b" }), byButtons, nil},
		"a page beside the root":       {alerting.KindPage, facts(), byButtons, nil},
		"a reply":                      {alerting.KindUpdate, facts(), byButtons, nil},
		"an alarm of another receiver": {alerting.KindDead, facts(), byButtons, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := told{kind: tt.kind, facts: tt.facts, cfg: tt.cfg}.show(t)
			var blocks []struct {
				Type     string
				Elements []struct {
					ID    string `json:"action_id"`
					Value string
					URL   string
				}
			}
			if err := json.Unmarshal(b.messages(1)[0].Latest().Blocks, &blocks); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, block := range blocks {
				for _, e := range block.Elements {
					if block.Type != "actions" {
						continue
					}
					got = append(got, e.ID)
					if e.Value != tt.facts.Incident || (e.ID == runbookID) != (e.URL != "") {
						t.Errorf("got %+v, want the incident's ID, and an address for the runbook alone", e)
					}
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got buttons %v, want %v", got, tt.want)
			}
		})
	}
}
