package config

import (
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// retentionLayout is retention as it is written.
type retentionLayout struct {
	Successes *registry.Duration `yaml:"successes"`
	Failures  *registry.Duration `yaml:"failures"`
	Rollups   *registry.Duration `yaml:"rollups"`
}

// retention takes what the file says over the defaults. A default gives way to
// what stands beside it: who keeps successes for a year keeps failures for as
// long without saying so.
func (l *loader) retention() {
	in := l.in.Retention
	r := ingest.DefaultRetention()
	takeSpan(&r.Successes, in.Successes)
	r.Failures = max(r.Failures, r.Successes)
	takeSpan(&r.Failures, in.Failures)
	r.Rollups = max(r.Rollups, r.Failures)
	takeSpan(&r.Rollups, in.Rollups)
	l.cfg.Retention = r
	hints := map[string]string{
		"successes": "wanted a span of days such as 7d",
		"failures":  "wanted successes or more, such as 90d",
		"rollups":   "wanted failures or more, such as 400d",
	}
	_, at := l.root.find("retention")
	for _, f := range joined(r.Validate()) {
		if f.Path == "failures" && l.out.spoilt(at.src, "retention.successes") || f.Path == "rollups" && l.out.spoilt(at.src, "retention.failures") {
			continue // it is measured by it
		}
		l.bad("retention."+f.Path, hints[f.Path], "%s", f.Message)
	}
}
