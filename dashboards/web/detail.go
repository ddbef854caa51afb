package web

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// fact is one line of a description list.
type fact struct {
	Name  string
	Value string
	At    time.Time // shown instead of Value when set
	More  string    // after it
}

// phase is one bar of the time line of a probe.
type phase struct {
	Name        string
	Took        string
	Share       string  // of the whole
	Start, Wide float64 // percent of the whole
}

// chainView is one certificate of a chain, leaf first.
type chainView struct {
	certificate.Link
	Left string
	Role string
}

type addressView struct {
	certificate.AddressReport
	Signal signal // the verdict alone
	Left   string
	Chain  []chainView
}

// certificateDetail is what the template certificate draws.
type certificateDetail struct {
	Signal    signal
	Report    certificate.Report
	Addresses []addressView
}

// endpointPage is what the template endpoint draws.
type endpointPage struct {
	frame
	Row         row
	Incidents   endpointIncidents
	Conditions  endpointConditions
	Advice      []adviceOn
	Probe       []fact
	Phases      []phase
	Certificate certificateDetail
}

type targetPage struct {
	frame
	Target      Target
	Advice      []adviceOn
	Certificate certificateDetail
}

func (p *pages) endpoint(w http.ResponseWriter, r *http.Request) {
	ep, ok := p.src.Endpoint(r.PathValue("id"))
	if !ok {
		p.missing(w, r, "There is no endpoint with this ID. It may have been removed, or its ID has changed.")
		return
	}
	page := endpointPage{frame: p.frame(fmt.Sprintf("%s %s", clip(ep.ID), stateText(ep.State)))}
	page.Row = rowOf(ep, page.Now)
	page.Incidents = p.incidentsOf(r.Context(), ep.ID)
	page.Conditions = conditionsAt(p.src.Conditions(), ep.ID, page.Now)
	page.Advice = adviceFor(ep.View)
	page.Probe = probeFacts(ep)
	page.Phases = phasesOf(ep.View.Probe.Result)
	page.Certificate = detailOf(ep.View.Certificate, page.Now, cleartext(ep.Shown))
	page.Refresh, page.Toggle = p.refreshing(r)
	p.render(w, r, http.StatusOK, "endpoint", page)
}

func (p *pages) target(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	for _, t := range p.src.Targets() {
		if t.ID != id {
			continue
		}
		page := targetPage{frame: p.frame("target " + clip(t.ID)), Target: t, Advice: adviceForCertificate(t.Certificate.Report)}
		page.Certificate = detailOf(t.Certificate, page.Now, false)
		page.Refresh, page.Toggle = p.refreshing(r)
		p.render(w, r, http.StatusOK, "target", page)
		return
	}
	p.missing(w, r, "There is no target with this ID. It may have been removed, or its ID has changed.")
}

// refreshing reads ?refresh= of a page without other questions.
func (p *pages) refreshing(r *http.Request) (seconds int, toggle string) {
	if r.URL.Query().Get("refresh") != "" {
		return refreshAfter, r.URL.EscapedPath()
	}
	return 0, r.URL.EscapedPath() + "?refresh=" + strconv.Itoa(refreshAfter)
}

// probeFacts lists what the last probe saw; what it did not see is left out.
func probeFacts(ep Endpoint) []fact {
	v, r := ep.View.Probe, ep.View.Probe.Result
	if r.At.IsZero() {
		return nil
	}
	facts := []fact{{Name: "Probed", At: r.At}}
	add := func(name, value string, there bool) {
		if there {
			facts = append(facts, fact{Name: name, Value: value})
		}
	}
	if v.Failures > 0 {
		facts = append(facts, fact{Name: "Failing since", At: v.Since, More: plural(v.Failures, "failure") + " in a row"})
	}
	add("Level", string(r.Level), r.Level != "")
	add("Request", r.Method, r.Method != "")
	add("Status", strconv.Itoa(r.Status), r.Status != 0)
	add("Decided after", took(r.Took), true)
	add("Address", r.Addr.String(), r.Addr.IsValid())
	add("Redirects to", clip(r.Location), r.Location != "")
	add("Asked to wait", short(r.RetryAfter), r.RetryAfter > 0)
	add("HTTP", fmt.Sprintf("%d.%d", r.HTTPMajor, r.HTTPMinor), r.HTTPMajor > 0)
	add("TLS", tls.VersionName(r.TLSVersion)+", "+tls.CipherSuiteName(r.CipherSuite), r.TLSVersion != 0)
	add("Body read", plural(int(r.BodyBytes), "byte"), r.BodyBytes > 0)
	add("Detail", clip(r.Detail), r.Detail != "")
	add("Probed every", short(ep.Policy.Interval), ep.Policy.Interval > 0)
	add("Must answer within", short(ep.Policy.AckBudget)+", at the latest "+short(ep.Policy.Timeout), ep.Policy.Timeout > 0)
	return facts
}

// phasesOf lays the phases of a probe one after another; none when there was
// no time to tell of.
func phasesOf(r probes.Result) []phase {
	list := []struct {
		name string
		took time.Duration
	}{
		{"Resolve the name", r.Phases.Resolve}, {"Connect", r.Phases.Connect}, {"TLS handshake", r.Phases.TLS},
		{"Wait for the answer", r.Phases.Wait}, {"Read the body", r.Phases.Read},
	}
	whole := time.Duration(0)
	for _, p := range list {
		whole += max(p.took, 0)
	}
	if whole == 0 {
		return nil
	}
	var phases []phase
	start := time.Duration(0)
	for _, p := range list {
		d := max(p.took, 0)
		view := phase{Name: p.name, Took: took(d), Share: share(d, whole), Start: percent(start, whole), Wide: percent(d, whole)}
		if d == 0 {
			view.Took, view.Share = "not reached", ""
		}
		phases = append(phases, view)
		start += d
	}
	return phases
}

func detailOf(v rules.CertificateView, now time.Time, cleartext bool) certificateDetail {
	d := certificateDetail{Signal: certificateSignal(v, now, cleartext), Report: v.Report}
	for _, a := range v.Report.Addresses {
		view := addressView{AddressReport: a, Signal: signal{Mark: certificateMark(a.Verdict), Word: string(a.Verdict)}}
		if !a.NotAfter.IsZero() {
			view.Left = left(now, a.NotAfter)
		}
		for i, l := range a.Chain {
			view.Chain = append(view.Chain, chainView{Link: l, Left: left(now, l.NotAfter), Role: roleOf(i, l)})
		}
		d.Addresses = append(d.Addresses, view)
	}
	return d
}

// roleOf names the place of a certificate in a chain as served.
func roleOf(i int, l certificate.Link) string {
	switch {
	case i == 0:
		return "leaf"
	case l.Subject == l.Issuer:
		return "root"
	default:
		return "intermediate"
	}
}
