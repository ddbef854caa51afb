package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// signal is one signal in a cell of a table.
type signal struct {
	Mark  rules.Word // class: shape and colour
	Word  string
	Fault string // empty: none
	Facts []string
	At    time.Time // zero: never
	Clock string    // At, short; empty: the whole date
}

// brief returns s with the short form of its time.
func (s signal) brief(now time.Time) signal {
	if !s.At.IsZero() {
		s.Clock = clock(now, s.At)
	}
	return s
}

// row is one endpoint in the overview.
type row struct {
	Endpoint
	Probe, Certificate, Deliveries signal
}

func rowOf(ep Endpoint, now time.Time) row {
	return row{
		Endpoint: ep, Probe: probeSignal(ep.View.Probe),
		Certificate: certificateSignal(ep.View.Certificate, now, cleartext(ep.Shown)), Deliveries: deliverySignal(ep.View.Deliveries),
	}
}

// Merchant is the name to show.
func (e Entry) Merchant() string {
	if strings.TrimSpace(e.MerchantName) == "" {
		return e.MerchantID
	}
	return e.MerchantName
}

func cleartext(shown string) bool { return strings.HasPrefix(shown, "http://") }

func probeSignal(v rules.ProbeView) signal {
	r := v.Result
	if r.At.IsZero() {
		return signal{Mark: rules.StateNoData, Word: "not probed yet"}
	}
	s := signal{Mark: probeMark(r.Verdict), Word: string(r.Verdict), At: r.At}
	if r.Fault != probes.FaultNone {
		s.Fault = string(r.Fault)
	}
	if r.Status != 0 {
		s.Facts = append(s.Facts, "status "+strconv.Itoa(r.Status))
	}
	s.Facts = append(s.Facts, took(r.Took))
	s.Facts = append(s.Facts, r.Notes.Words()...)
	if v.Stale {
		s.Mark, s.Facts = rules.StateNoData, append(s.Facts, "too old to say")
	}
	return s
}

func certificateSignal(v rules.CertificateView, now time.Time, cleartext bool) signal {
	rep := v.Report
	switch {
	case rep.At.IsZero() && cleartext:
		return signal{Mark: rules.StateNoData, Word: "none: http://"}
	case rep.At.IsZero():
		return signal{Mark: rules.StateNoData, Word: "not looked at yet"}
	}
	s := signal{Mark: certificateMark(rep.Verdict), Word: string(rep.Verdict), At: rep.At}
	if len(rep.Faults) > 0 {
		s.Fault = string(rep.Faults[0])
	}
	if n := len(rep.Faults) - 1; n > 0 {
		s.Facts = append(s.Facts, "and "+plural(n, "more finding"))
	}
	if !rep.NotAfter.IsZero() {
		s.Facts = append(s.Facts, left(now, rep.NotAfter))
	}
	if v.Stale {
		s.Mark, s.Facts = rules.StateNoData, append(s.Facts, "too old to say")
	}
	return s
}

// What deliverySignal says of an endpoint that the rules do not call failing
// (reference webhooks.md section 8.1: R3 judges from 20 first attempts; 4 % is
// the platform's threshold, R1).
const (
	enoughToJudge = 20
	ordinary      = rules.Ratio(0.04) // over it some fail
)

func deliverySignal(v rules.DeliveryView) signal {
	ratio, known := v.Ratio()
	switch {
	case !known && v.Backlog == 0:
		return signal{Mark: rules.StateNoData, Word: "no data yet"}
	case !known:
		return signal{Mark: rules.StateRecovering, Word: "waiting", Facts: []string{plural(v.Backlog, "event") + " waiting for a retry"}}
	}
	s := signal{Mark: rules.StateHealthy, Word: "delivered"}
	switch {
	case v.Failing:
		s.Mark, s.Word = rules.StateFailing, "failing"
	case v.Backlog > 0:
		s.Mark, s.Word = rules.StateRecovering, "recovering"
	case v.FirstAttempts < enoughToJudge:
		s.Mark, s.Word = rules.StateNoData, "too few to judge"
	case ratio > ordinary:
		s.Mark, s.Word = rules.StateDegraded, "some fail"
	}
	s.Facts = append(s.Facts, fmt.Sprintf("%s of %s first attempts failed (%s)", grouped(v.FailedFirst), grouped(v.FirstAttempts), rough(ratio)))
	if v.Backlog > 0 {
		s.Facts = append(s.Facts, plural(v.Backlog, "event")+" waiting for a retry")
	}
	return s
}

// targetRow is one target in the overview.
type targetRow struct {
	Target
	Certificate signal
}

// targets returns the targets that a's search wants, worst first, and how
// many more there are than one page bears.
func (p *pages) targets(a ask, now time.Time) (rows []targetRow, more int) {
	needle := strings.ToLower(a.Query)
	for _, t := range p.src.Targets() {
		if needle == "" || holds(needle, t.ID, t.Address, t.ServerName) {
			rows = append(rows, targetRow{Target: t, Certificate: certificateSignal(t.Certificate, now, false).brief(now)})
		}
	}
	worstFirst(rows)
	if len(rows) > pageSize {
		return rows[:pageSize], len(rows) - pageSize
	}
	return rows, 0
}

// adviceOn is what a page says of one word.
type adviceOn struct {
	Signal string
	Word   string
	Advice
}

// adviceFor collects what to do about everything that is wrong, probe first.
func adviceFor(v rules.EndpointView) []adviceOn {
	var list []adviceOn
	if r := v.Probe.Result; !r.At.IsZero() {
		if r.Fault != probes.FaultNone {
			list = append(list, adviceOn{"probe", string(r.Fault), OnProbe(r.Fault)})
		}
		for _, w := range r.Notes.Words() {
			list = append(list, adviceOn{"probe", w, OnNote(w)})
		}
	}
	return append(list, adviceForCertificate(v.Certificate.Report)...)
}

func adviceForCertificate(rep certificate.Report) []adviceOn {
	var list []adviceOn
	for _, words := range [][]certificate.Fault{rep.Faults, rep.Notes} {
		for _, f := range words {
			list = append(list, adviceOn{"certificate", string(f), OnCertificate(f)})
		}
	}
	return list
}
