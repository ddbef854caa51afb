package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/dashboards/web"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// explained is the part of the API's endpoint that explain shows.
type explained struct {
	ID          string
	URL         string
	State       rules.Word
	Reasons     []rules.Reason
	Cause       rules.Cause
	Advice      string
	Probe       *explainedProbe
	Certificate *explainedCertificate
	Deliveries  *explainedDeliveries
}

type explainedProbe struct {
	Verdict     probes.Verdict
	Fault       probes.Fault
	Notes       []string
	Status      int
	TookSeconds float64 `json:"took_seconds"`
	At          time.Time
	Level       probes.Level
	Address     string
	Detail      string
	Since       *time.Time
	Failures    int
}

type explainedCertificate struct {
	Verdict  certificate.Verdict
	Faults   []certificate.Fault
	Notes    []certificate.Fault
	NotAfter *time.Time `json:"not_after"`
	At       time.Time
	Detail   string
}

type explainedDeliveries struct {
	FirstAttempts   int     `json:"first_attempts"`
	FailedFirst     int     `json:"failed_first"`
	FirstErrorRatio *ratio  `json:"first_error_ratio"`
	WindowSeconds   float64 `json:"window_seconds"`
}

// print writes the state, what explains it, and what each signal last said.
func (e explained) print(out io.Writer) {
	fmt.Fprintf(out, "%s: %s\n", e.ID, e.State)
	line(out, "url", e.URL)
	for _, r := range e.Reasons {
		line(out, "because", r.Signal+": "+r.Text)
	}
	if e.Advice != "" {
		line(out, "cause", string(e.Cause)+": "+e.Advice)
	}
	e.Probe.print(out)
	if e.Certificate == nil && strings.HasPrefix(e.URL, "http://") {
		line(out, "certificate", "none: http://")
	} else {
		e.Certificate.print(out)
	}
	e.Deliveries.print(out)
}

func (p *explainedProbe) print(out io.Writer) {
	if p == nil {
		line(out, "probe", "nothing yet")
		return
	}
	text := string(p.Verdict)
	if p.Fault != probes.FaultNone && string(p.Fault) != text {
		text += " (" + string(p.Fault) + ")"
	}
	text += fmt.Sprintf(" after %s, at level %s", took(time.Duration(p.TookSeconds*float64(time.Second))), p.Level)
	if p.Address != "" {
		text += ", " + p.Address
	}
	line(out, "probe", text+", "+utc(p.At))
	if p.Since != nil && p.Failures > 0 {
		line(out, "", plural(p.Failures, "failure")+" in a row since "+utc(*p.Since))
	}
	line(out, "", p.Detail)
	if p.Fault != probes.FaultNone {
		line(out, "", sentence(web.OnProbe(p.Fault)))
	}
	for _, word := range p.Notes {
		line(out, "", "note "+word+": "+adviceOnNote(word))
	}
}

func (c *explainedCertificate) print(out io.Writer) {
	if c == nil {
		line(out, "certificate", "nothing yet")
		return
	}
	end := time.Time{}
	if c.NotAfter != nil {
		end = *c.NotAfter
	}
	line(out, "certificate", summary(time.Now(), c.Verdict, c.Faults, end)+", "+utc(c.At))
	line(out, "", c.Detail)
	for _, f := range c.Faults {
		line(out, "", string(f)+": "+sentence(web.OnCertificate(f)))
	}
	if len(c.Notes) > 0 {
		line(out, "", "notes "+joined(c.Notes))
	}
}

func (d *explainedDeliveries) print(out io.Writer) {
	if d == nil || d.FirstAttempts == 0 {
		line(out, "deliveries", "none in the last half hour")
		return
	}
	text := fmt.Sprintf("%d of %d first attempts failed", d.FailedFirst, d.FirstAttempts)
	if d.FirstErrorRatio != nil {
		text += " (" + d.FirstErrorRatio.Short() + ")"
	}
	line(out, "deliveries", text+" in the last "+span(time.Duration(d.WindowSeconds*float64(time.Second))))
}
