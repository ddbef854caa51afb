package main

import (
	"time"

	"github.com/hookvigil/hookvigil/internal/backtest"
	"github.com/hookvigil/hookvigil/rules"
)

// calibrationOutput is what rules calibrate --json prints.
type calibrationOutput struct {
	PerSeconds float64             `json:"per_seconds"`
	Classes    []classOutput       `json:"classes"` // as rules.error_ratio.heights
	Openings   []openingOutput     `json:"openings"`
	Loud       int                 `json:"loud_openings"`
	Cut        int                 `json:"cut_out"`
	Beyond     int                 `json:"left_out"`
	Replayed   replayedOutput      `json:"replayed"`
	Rejected   []backtest.Rejected `json:"rejected"`
}

// classOutput is one class of traffic; what was found is null without data.
type classOutput struct {
	PerTick        float64     `json:"per_tick"`
	Series         int         `json:"series"`
	Days           float64     `json:"series_days"`
	Own            rules.Ratio `json:"failing"`
	Now            float64     `json:"sum_now"`
	Found          *float64    `json:"sum_found"`
	Proposed       float64     `json:"sum_proposed"`
	AlarmsNow      int         `json:"openings_now"`
	AlarmsProposed int         `json:"openings_proposed"`
	DelayNow       *float64    `json:"delay_now_seconds"` // a day and more: longer than a day
	DelayProposed  *float64    `json:"delay_proposed_seconds"`
}

type openingOutput struct {
	Scope    rules.Scope    `json:"scope"`
	At       time.Time      `json:"at"`
	Severity rules.Severity `json:"severity"`
	Text     string         `json:"text"`
}

func calibrationOf(c backtest.Calibration) calibrationOutput {
	out := calibrationOutput{
		PerSeconds: c.Per.Seconds(), Loud: c.Loud, Cut: c.Cut, Beyond: c.Beyond, Openings: []openingOutput{},
		Replayed: replayedOf(c.Counts, c.Late), Rejected: filled(c.Rejected),
	}
	for _, k := range c.Classes {
		o := classOutput{
			PerTick: k.PerTick, Series: k.Series, Days: k.Lasted.Hours() / 24, Own: k.Own, Now: k.Now, Proposed: k.Proposed,
			AlarmsNow: k.AlarmsNow, AlarmsProposed: k.AlarmsProposed,
		}
		if k.Series > 0 {
			o.Found, o.DelayNow, o.DelayProposed = new(k.Found), new(k.DelayNow.Seconds()), new(k.DelayProposed.Seconds())
		}
		out.Classes = append(out.Classes, o)
	}
	for _, o := range c.Openings {
		out.Openings = append(out.Openings, openingOutput(o))
	}
	return out
}
