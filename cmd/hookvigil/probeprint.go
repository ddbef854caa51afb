package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// printProbe writes what a person wants to know, what is wrong first.
func printProbe(out io.Writer, shown string, r probes.Result, rep *certificate.Report) {
	fmt.Fprintf(out, "%s: %s\n", shown, headline(r, rep))
	bad := rep != nil && rep.Verdict != certificate.OK
	if r.Fault != probes.FaultNone {
		line(out, "this means", adviceOn(r.Fault))
	}
	line(out, "detail", r.Detail)
	if r.Location != "" {
		line(out, "redirects to", r.Location+" (not followed: a POST would arrive there empty)")
	}
	if r.RetryAfter > 0 {
		line(out, "retry after", took(r.RetryAfter))
	}
	if bad {
		printReport(out, rep)
	}
	for _, word := range r.Notes.Words() {
		line(out, "note", word+": "+adviceOnNote(word))
	}
	line(out, "at", utc(r.At))
	line(out, "level", levelText(r))
	if r.Addr.IsValid() {
		line(out, "address", r.Addr.String())
	}
	line(out, "time", phasesText(r.Phases))
	if rep != nil && !bad {
		printReport(out, rep)
	}
}

// headline is the verdict of both signals in a few words.
func headline(r probes.Result, rep *certificate.Report) string {
	text := string(r.Verdict)
	if r.Fault != probes.FaultNone && string(r.Fault) != text {
		text += " (" + string(r.Fault) + ")"
	}
	text += " after " + took(r.Took)
	if rep == nil || rep.Verdict == certificate.OK || r.Verdict == probes.Blocked {
		return text
	}
	word := "and"
	if r.Verdict == probes.Healthy {
		word = "but"
	}
	return text + ", " + word + " the certificate is " + verdictText(rep.Verdict, rep.Faults)
}

// printReport writes the second signal beside the first.
func printReport(out io.Writer, rep *certificate.Report) {
	text := verdictText(rep.Verdict, rep.Faults)
	if rep.Verdict == certificate.Unknown && slices.Contains(rep.Faults, certificate.FaultBlocked) {
		line(out, "certificate", "not looked at either: "+string(certificate.FaultBlocked))
		return
	}
	if rep.Detail != "" {
		text += ": " + rep.Detail
	} else if !rep.NotAfter.IsZero() {
		text += ", valid to " + day(rep.NotAfter) + " (" + left(rep.At, rep.NotAfter) + ")"
	}
	line(out, "certificate", text)
	for _, f := range rep.Faults {
		line(out, "", string(f)+": "+adviceOnCertificate(f))
	}
	if len(rep.Notes) > 0 {
		line(out, "", "notes "+joined(rep.Notes))
	}
}

// verdictText is a verdict with what it is about.
func verdictText(v certificate.Verdict, faults []certificate.Fault) string {
	if len(faults) == 0 {
		return string(v)
	}
	return string(v) + " (" + joined(faults) + ")"
}

// levelText says what was asked, and what was answered.
func levelText(r probes.Result) string {
	switch {
	case r.Method == "" || r.Status == 0 && r.Phases.Wait == 0: // no request was sent
		return string(r.Level)
	case r.Status == 0:
		return fmt.Sprintf("%s: %s, no answer", r.Level, r.Method)
	default:
		return fmt.Sprintf("%s: %s answered %d %s", r.Level, r.Method, r.Status, http.StatusText(r.Status))
	}
}

// phasesText says where the time went; phases that were not reached are left
// out.
func phasesText(p probes.Phases) string {
	var parts []string
	for _, phase := range []struct {
		name string
		d    time.Duration
	}{{"resolve", p.Resolve}, {"connect", p.Connect}, {"tls", p.TLS}, {"wait", p.Wait}, {"read", p.Read}} {
		if phase.d > 0 {
			parts = append(parts, phase.name+" "+took(phase.d))
		}
	}
	return strings.Join(parts, ", ")
}
