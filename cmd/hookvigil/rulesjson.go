package main

import (
	"time"

	"github.com/hookvigil/hookvigil/internal/backtest"
	"github.com/hookvigil/hookvigil/rules"
)

// testOutput is what rules test --json prints.
type testOutput struct {
	Conditions []episodeOutput     `json:"conditions"`
	Replayed   replayedOutput      `json:"replayed"`
	Rejected   []backtest.Rejected `json:"rejected"` // the first 1,000
	Compare    *compareOutput      `json:"compare,omitempty"`
}

// episodeOutput is one condition from its opening to its clearing.
type episodeOutput struct {
	Rule      rules.Rule     `json:"rule"`
	Scope     rules.Scope    `json:"scope"`
	Severity  rules.Severity `json:"severity"` // the worst
	Since     time.Time      `json:"since"`
	OpenedAt  time.Time      `json:"opened_at"`
	ClearedAt *time.Time     `json:"cleared_at"` // null: open at the end
	Seconds   float64        `json:"open_seconds"`
	Evidence  rules.Evidence `json:"evidence"` // when it opened
	Changes   []changeOutput `json:"changes"`
}

type changeOutput struct {
	At       time.Time      `json:"at"`
	Open     bool           `json:"open"`
	Severity rules.Severity `json:"severity"`
	Evidence rules.Evidence `json:"evidence"`
}

type replayedOutput struct {
	Files      int        `json:"files"`
	Records    int        `json:"records"`
	Probes     int        `json:"probes"`
	Looks      int        `json:"certificates"`
	Bad        int        `json:"bad"`
	Stated     int        `json:"received_at"`
	Disordered int        `json:"out_of_order"`
	Duplicates int        `json:"duplicates"`
	AtLeast    bool       `json:"duplicates_at_least"`
	First      int        `json:"first_attempts"`
	Failed     int        `json:"failed_first"`
	Uncounted  int        `json:"of_sources_without_ratio"`
	Late       int        `json:"late"`
	Unfollowed int        `json:"failed_tries_not_followed"`
	Untimed    int        `json:"answers_not_followed"`
	From       *time.Time `json:"from"`
	To         *time.Time `json:"to"`
}

type compareOutput struct {
	OnlyA []episodeOutput `json:"only_a"`
	OnlyB []episodeOutput `json:"only_b"`
	Both  []pairOutput    `json:"both"`
	Rules []ruleOutput    `json:"rules"`
}

type pairOutput struct {
	A       episodeOutput `json:"a"`
	B       episodeOutput `json:"b"`
	Opened  float64       `json:"opened_later_seconds"`
	Cleared float64       `json:"cleared_later_seconds"`
}

type ruleOutput struct {
	Rule   rules.Rule `json:"rule"`
	CountA int        `json:"episodes_a"`
	CountB int        `json:"episodes_b"`
	OpenA  float64    `json:"open_minutes_a"`
	OpenB  float64    `json:"open_minutes_b"`
}

func testOutputOf(got backtest.Result) testOutput {
	end := got.Counts.To
	out := testOutput{
		Conditions: episodesOutput(got.Played[0].Episodes, end), Rejected: filled(got.Rejected), Replayed: replayedOf(got.Counts, got.Played[0].Late),
	}
	if len(got.Played) == 1 {
		return out
	}
	d := backtest.Compare(got.Played[0], got.Played[1], end)
	c := compareOutput{OnlyA: episodesOutput(d.OnlyA, end), OnlyB: episodesOutput(d.OnlyB, end), Both: []pairOutput{}, Rules: []ruleOutput{}}
	for _, p := range d.Both {
		c.Both = append(c.Both, pairOutput{
			A: episodeOf(p.A, end), B: episodeOf(p.B, end), Opened: p.Opened.Seconds(), Cleared: p.Closed.Seconds(),
		})
	}
	for _, r := range d.Rules {
		c.Rules = append(c.Rules, ruleOutput{r.Rule, r.CountA, r.CountB, r.OpenA.Minutes(), r.OpenB.Minutes()})
	}
	out.Compare = &c
	return out
}

func replayedOf(c backtest.Counts, late int) replayedOutput {
	return replayedOutput{
		Files: c.Files, Records: c.Records, Probes: c.Probes, Looks: c.Certificates, Bad: c.Bad, Stated: c.Stated, Disordered: c.Disordered, Duplicates: c.Duplicates,
		AtLeast: c.AtLeast, First: c.First, Failed: c.Failed, Uncounted: c.Ungraded, Late: late, Unfollowed: c.Unfollowed, Untimed: c.Untimed, From: known(c.From), To: known(c.To),
	}
}

func episodesOutput(list []backtest.Episode, end time.Time) []episodeOutput {
	out := make([]episodeOutput, 0, len(list))
	for _, e := range list {
		out = append(out, episodeOf(e, end))
	}
	return out
}

func episodeOf(e backtest.Episode, end time.Time) episodeOutput {
	o := episodeOutput{
		Rule: e.Key.Rule, Scope: e.Key.Scope, Severity: e.Severity, Since: e.Since, OpenedAt: e.Opened, ClearedAt: known(e.Cleared),
		Seconds: e.Lasted(end).Seconds(), Evidence: e.Changes[0].Evidence,
	}
	for _, c := range e.Changes {
		o.Changes = append(o.Changes, changeOutput{At: c.At, Open: c.Open, Severity: c.Severity, Evidence: c.Evidence})
	}
	return o
}
