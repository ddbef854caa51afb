package backtest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// settled fills in what is zero, as conditions do.
func settled(c conditions.Config) conditions.Config {
	usual := conditions.DefaultConfig()
	for _, d := range []*rules.Detector{&c.Platform, &c.Product, &c.Channel, &c.Type, &c.Merchant, &c.Endpoint} {
		if *d == (rules.Detector{}) {
			*d = usual.Platform
		}
	}
	if c.Grace == 0 {
		c.Grace = usual.Grace
	}
	return c
}

// YAML writes what is proposed as a section rules of a configuration, with
// comments that say what backs each figure: a file that can be loaded. What
// the ratio rules are set to otherwise stands in it where it is no default, so
// that the file decides as the present settings do but for its heights.
func (c *Calibration) YAML() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Proposed by 'hookvigil rules calibrate': review it, then move the heights into the configuration.\n")
	if !c.Counts.From.IsZero() {
		fmt.Fprintf(&b, "# From %d first attempts between %s and %s; one false page per series in %s.\n", c.Counts.First,
			c.Counts.From.UTC().Format(time.RFC3339), c.Counts.To.UTC().Format(time.RFC3339), registry.Duration(c.Per))
	}
	b.WriteString("version: 1\nrules:\n  error_ratio:\n")
	for _, s := range changed(c.set.Platform, c.set.Grace) {
		fmt.Fprintf(&b, "    %s # as it is now\n", s)
	}
	b.WriteString("    heights:\n")
	for i, k := range c.Classes {
		backed := "no data: as it is now"
		if k.Series > 0 {
			backed = fmt.Sprintf("now %s; backed by %.1f days of %d series; found %s, default %s", number(k.Now), days(k.Lasted), k.Series,
				number(round(k.Found)), number(round(usualSum(k.PerTick))))
		}
		fmt.Fprintf(&b, "      - {per_tick: %s, sum: %s} # %s\n", number(c.now.Heights[i].PerTick), number(k.Proposed), backed)
	}
	for _, t := range c.thresholds() {
		fmt.Fprintf(&b, "  %s # as it is now\n", t)
	}
	return b.String()
}

// thresholds lists what is set of single rules, and is no default.
func (c *Calibration) thresholds() []string {
	var list []string
	for _, t := range []struct {
		rule rules.Rule
		is   rules.Ratio
	}{
		{rules.RulePlatformErrorRatio, c.set.Platform.Threshold}, {rules.RuleProductErrorRatio, c.set.Product.Threshold},
		{rules.RuleChannelErrorRatio, c.set.Channel.Threshold}, {rules.RuleTypeErrorRatio, c.set.Type.Threshold},
		{rules.RuleMerchantErrorRatio, c.set.Merchant.Threshold}, {rules.RuleEndpointFailing, c.set.Endpoint.Threshold},
	} {
		var keys []string
		if t.is != rules.DefaultDetector().Threshold {
			keys = append(keys, "threshold: "+t.is.String())
		}
		if t.rule == rules.RuleMerchantErrorRatio && len(c.set.Paging) > 0 {
			keys = append(keys, "page: ["+strings.Join(c.set.Paging, ", ")+"]")
		}
		if len(keys) > 0 {
			list = append(list, fmt.Sprintf("%s: {%s}", t.rule, strings.Join(keys, ", ")))
		}
	}
	return list
}

// changed lists what differs from the defaults, as YAML writes it.
func changed(d rules.Detector, grace time.Duration) []string {
	now, usual := settingsOf(d, grace), settingsOf(rules.DefaultDetector(), conditions.DefaultGrace)
	var list []string
	for i := range now {
		if now[i] != usual[i] {
			list = append(list, now[i])
		}
	}
	return list
}

func settingsOf(d rules.Detector, grace time.Duration) []string {
	span := func(t time.Duration) string { return registry.Duration(t).String() }
	return []string{
		"grace: " + span(grace), "tick: " + span(d.Tick), "window: " + span(d.Window), "day: " + span(d.Day), "recent: " + span(d.Recent),
		"tolerated: " + d.Tolerated.String(), "own_factor: " + number(d.OwnFactor), "rise_factor: " + number(d.RiseFactor),
		"usual: " + d.Usual.String(), "usual_as: " + strconv.Itoa(d.UsualAs), "clip: " + number(d.Clip), "loud: " + d.Loud.String(),
		"loud_ticks: " + strconv.Itoa(d.LoudTicks), "clear_for: " + span(d.ClearFor), "clear_run: " + strconv.Itoa(d.ClearRun),
		"near: " + rules.Ratio(d.Near).String(), "doubt: " + number(d.Doubt), "reopen: " + span(d.Reopen), "settle: " + span(d.Settle), "confidence: " + rules.Ratio(d.Confidence).String(),
	}
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func round(f float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', 1, 64), 64)
	return r
}

func days(d time.Duration) float64 { return d.Hours() / 24 }
