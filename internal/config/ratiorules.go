package config

import (
	"strings"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// ratioLayout is what all ratio rules have in common: rules.Detector but for
// its threshold, and the grace of its ticks.
type ratioLayout struct {
	Grace      *registry.Duration `yaml:"grace"`
	Tick       *registry.Duration `yaml:"tick"`
	Window     *registry.Duration `yaml:"window"`
	Day        *registry.Duration `yaml:"day"`
	Recent     *registry.Duration `yaml:"recent"`
	Tolerated  *rules.Ratio       `yaml:"tolerated"`
	OwnFactor  *float64           `yaml:"own_factor"`
	RiseFactor *float64           `yaml:"rise_factor"`
	Usual      *rules.Ratio       `yaml:"usual"`
	UsualAs    *int               `yaml:"usual_as"`
	Clip       *float64           `yaml:"clip"`
	Heights    []heightLayout     `yaml:"heights"`
	Near       *rules.Ratio       `yaml:"near"`
	Doubt      *float64           `yaml:"doubt"`
	Loud       *rules.Ratio       `yaml:"loud"`
	LoudTicks  *int               `yaml:"loud_ticks"`
	ClearFor   *registry.Duration `yaml:"clear_for"`
	ClearRun   *int               `yaml:"clear_run"`
	Reopen     *registry.Duration `yaml:"reopen"`
	Settle     *registry.Duration `yaml:"settle"`
	Confidence *rules.Ratio       `yaml:"confidence"`
}

type heightLayout struct {
	PerTick float64 `yaml:"per_tick"`
	Sum     float64 `yaml:"sum"`
}

// thresholdLayout is what one ratio rule has of its own.
type thresholdLayout struct {
	Threshold *rules.Ratio `yaml:"threshold"`
}

// detectors takes those of all ratio rules, and reports what their own check
// finds.
func (l *loader) detectors(in rulesLayout, r *Rules) {
	common := l.detector(in.ErrorRatio)
	for _, d := range []struct {
		rule      rules.Rule
		detector  *rules.Detector
		threshold *rules.Ratio
	}{
		{rules.RulePlatformErrorRatio, &r.Platform, in.Platform.Threshold},
		{rules.RuleProductErrorRatio, &r.Product, in.Product.Threshold},
		{rules.RuleChannelErrorRatio, &r.Channel, in.Channel.Threshold},
		{rules.RuleTypeErrorRatio, &r.Type, in.Type.Threshold},
		{rules.RuleMerchantErrorRatio, &r.Merchant, in.Merchant.Threshold},
		{rules.RuleEndpointFailing, &r.Endpoint, in.Failing.Threshold},
	} {
		*d.detector = common
		take(&d.detector.Threshold, d.threshold)
		l.detectorFaults("rules."+string(d.rule), *d.detector)
	}
	if len(in.Merchant.Page) > 0 {
		r.Paging = in.Merchant.Page
	}
}

func (l *loader) detector(in ratioLayout) rules.Detector {
	d := rules.DefaultDetector()
	takeSpan(&d.Tick, in.Tick)
	takeSpan(&d.Window, in.Window)
	takeSpan(&d.Day, in.Day)
	takeSpan(&d.Recent, in.Recent)
	take(&d.Tolerated, in.Tolerated)
	take(&d.OwnFactor, in.OwnFactor)
	take(&d.RiseFactor, in.RiseFactor)
	take(&d.Usual, in.Usual)
	take(&d.UsualAs, in.UsualAs)
	take(&d.Clip, in.Clip)
	take(&d.Loud, in.Loud)
	take(&d.LoudTicks, in.LoudTicks)
	takeSpan(&d.ClearFor, in.ClearFor)
	take(&d.ClearRun, in.ClearRun)
	takeSpan(&d.Reopen, in.Reopen)
	takeSpan(&d.Settle, in.Settle)
	if in.Near != nil {
		d.Near = float64(*in.Near)
	}
	take(&d.Doubt, in.Doubt)
	if in.Confidence != nil {
		d.Confidence = float64(*in.Confidence)
	}
	l.heights(&d, in.Heights)
	return d
}

// heights takes the table of alarm heights, as a whole.
func (l *loader) heights(d *rules.Detector, in []heightLayout) {
	if in == nil {
		return
	}
	if len(in) != len(d.Heights) {
		l.bad("rules.error_ratio.heights", "give all of them, by rising per_tick", "wanted %d entries, got %d", len(d.Heights), len(in))
		return
	}
	for i, h := range in {
		d.Heights[i] = rules.Height{PerTick: h.PerTick, Sum: h.Sum}
	}
}

// detectorFaults reports what the detector's own check says: at the rule whose
// threshold it is, else at what all of them have in common.
func (l *loader) detectorFaults(rule string, d rules.Detector) {
	for _, f := range joined(d.Validate()) {
		path, hint := "rules.error_ratio."+f.Path, ""
		if f.Path == "threshold" {
			path = rule + ".threshold"
		}
		if !l.set(path) && !strings.HasPrefix(f.Path, "heights") {
			hint = "that is its default; set it as well, so that it fits what is set"
		}
		l.bad(path, hint, "%s", f.Message)
	}
}
