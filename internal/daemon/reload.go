package daemon

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/config"
)

// reloadOutcome is what the last reload came to, for the page.
type reloadOutcome struct {
	at     time.Time
	failed bool
	text   string
}

// Reload reads the configuration again and swaps it when it is good. A bad
// one changes nothing, and says so in the log, in a metric and in the answer.
// Only one reload runs at a time. The error says that it could not be tried.
func (d *Daemon) Reload(ctx context.Context) (api.ReloadReport, error) {
	d.reloading.Lock()
	defer d.reloading.Unlock()
	next, faults := d.opts.Load()
	report := api.ReloadReport{}
	for _, f := range faults {
		cf := api.ConfigFault{Path: f.Path, File: f.File, Line: f.Line, Column: f.Column, Message: f.Message, Hint: f.Hint}
		if f.Warning {
			report.Warnings = append(report.Warnings, cf)
		} else {
			report.Faults = append(report.Faults, cf)
			d.log.Error("configuration not loaded", "fault", f.String(), "hint", f.Hint)
		}
	}
	if len(report.Faults) > 0 {
		d.noteReload(true, fmt.Sprintf("%d faults; the old configuration stays in force; first: %s", len(report.Faults), faults[0].String()))
		return report, nil
	}
	report.Warnings = append(report.Warnings, needsRestart(d.atStart, next)...)
	report.Warnings = append(report.Warnings, gone(d.settings.Load(), next)...)
	diff, left, err := d.importFile(ctx, next)
	if err != nil {
		d.noteReload(true, err.Error())
		return report, err
	}
	for _, f := range left {
		if !f.Warning {
			report.Warnings = append(report.Warnings, api.ConfigFault{Path: f.Kind + " " + f.ID + ": " + f.Path, Message: f.Message + ": left out", Hint: f.Hint})
		}
	}
	for _, w := range report.Warnings {
		d.log.Warn("configuration", "path", w.Path, "message", w.Message, "hint", w.Hint)
	}
	report.Diff = diff
	d.settings.Store(withoutRecords(next))
	d.reloadColumn(next)
	d.feeds.set(next.Sources)
	d.server.SetTokens(apiTokens(next.Server.Tokens))
	d.refreshListenerCertificate(ctx)
	d.lookAtFiles(ctx)
	d.noteReload(false, diff.String())
	d.log.Info("configuration loaded", "config", next.Path, "diff", diff.String())
	return report, nil
}

func (d *Daemon) noteReload(failed bool, text string) {
	outcome := &reloadOutcome{at: time.Now(), failed: failed, text: text}
	d.reloaded.Store(outcome)
	d.metrics.Reloaded(!failed, outcome.at)
}

// lastReload returns what the last reload came to; zero: none yet.
func (d *Daemon) lastReload() reloadOutcome {
	if outcome := d.reloaded.Load(); outcome != nil {
		return *outcome
	}
	return reloadOutcome{}
}

// eyesDiffer reports whether the looks must be made anew.
func eyesDiffer(a, b *config.Config) bool {
	return !reflect.DeepEqual(a.Guard, b.Guard) || !reflect.DeepEqual(a.Server.OperatorURL, b.Server.OperatorURL) ||
		!a.Defaults.Roots.Equal(b.Defaults.Roots)
}

// gone names the receivers that were configured and are not any more: whoever
// was told of an incident through one of them hears no end there.
func gone(now, next *config.Config) []api.ConfigFault {
	var list []api.ConfigFault
	for _, r := range now.Receivers {
		if slices.ContainsFunc(next.Receivers, func(o config.Receiver) bool { return o.Name == r.Name }) {
			continue
		}
		list = append(list, api.ConfigFault{
			Path: "receivers." + r.Name, File: next.Path, Message: "is gone: incidents that run are told on without it, and stay open there",
			Hint: "put it back until they are over, or close them there by hand",
		})
	}
	return list
}

// needsRestart names the settings that differ and only count at start.
func needsRestart(now, next *config.Config) []api.ConfigFault {
	const restart = "restart hookvigil"
	var list []api.ConfigFault
	for _, s := range []struct {
		path, hint string
		same       bool
	}{
		{"data_dir", restart, now.DataDir == next.DataDir},
		{"server.listen", restart, now.Server.Listen == next.Server.Listen},
		{"server.tls", restart, (now.Server.TLS.CertFile == "") == (next.Server.TLS.CertFile == "")},
		{"digest.bucket", "set it back, or begin with an empty data_dir: what is counted already is counted in the old buckets", now.Digest.Bucket == next.Digest.Bucket},
		{"rules.endpoint_failing.window", restart, now.Rules.Failing.Window == next.Rules.Failing.Window},
		{"log", restart, now.Log == next.Log},
	} {
		if !s.same {
			list = append(list, api.ConfigFault{Path: s.path, File: next.Path, Message: "changed; takes effect at the next start", Hint: s.hint})
		}
	}
	return list
}
