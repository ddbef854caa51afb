package digest

import (
	"cmp"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// Action is one thing to do, worded by the reader's language: Word names the
// sentence, the rest is what it says.
type Action struct {
	Word     Advice        `json:"word"`
	Endpoint string        `json:"endpoint"`          // the worst that it is about
	More     int           `json:"more,omitempty"`    // further endpoints with the same
	First    Count         `json:"first"`             // of Endpoint
	Fault    string        `json:"fault,omitempty"`   // of the probe or the certificate
	Earlier  string        `json:"earlier,omitempty"` // with Down: the fault that was met more often, but is not what fails now
	At       time.Time     `json:"at,omitzero"`       // when its certificate ends or ended, or the next loss comes
	Took     time.Duration `json:"took_ns,omitempty"` // 95 % of its answers came within; or that we had data for
	Deadline time.Duration `json:"deadline_ns,omitempty"`
	Since    time.Time     `json:"since,omitzero"`  // it is over: nothing has failed since; zero: it is not
	Until    time.Time     `json:"until,omitzero"`  // with Since: nobody knows of later; zero: until now
	Again    bool          `json:"again,omitempty"` // it answers again, a moment before the end: it is past without Since
	Looks    bool          `json:"looks,omitempty"` // probes alone met the fault: First failed in another way
	Down     bool          `json:"down,omitempty"`  // probes meet it now
	Apart    bool          `json:"apart,omitempty"` // another action tells First
	Loss     Loss          `json:"loss,omitzero"`   // with AdviseAtRisk, AdviseLastTry and AdviseLost
}

// Advice names what a merchant can do. The words are stored.
type Advice string

// The advices, the most pressing first.
const (
	AdviseAtRisk          Advice = "events_at_risk"
	AdviseLastTry         Advice = "events_last_try" // the same of an endpoint that works
	AdviseLost            Advice = "events_lost"
	AdviseExpired         Advice = "certificate_expired"
	AdviseCertificate     Advice = "certificate_broken"
	AdviseTLS             Advice = "tls"
	AdviseDNS             Advice = "dns"
	AdviseConnect         Advice = "unreachable"
	AdviseTimeout         Advice = "timeout"
	AdviseServer          Advice = "http_5xx"
	AdviseToken           Advice = "token"
	AdviseGone            Advice = "gone"
	AdvisePath            Advice = "path"
	AdviseRedirect        Advice = "redirect"
	AdviseLimit           Advice = "rate_limit"
	AdviseRefused         Advice = "http_4xx"
	AdviseBroken          Advice = "broken_answer"
	AdviseUnauthenticated Advice = "unauthenticated"
	AdviseOther           Advice = "other"
	AdviseRenewed         Advice = "certificate_renewed"
	AdviseExpiring        Advice = "certificate_expiring"
	AdviseSlow            Advice = "slow"
	AdviseUnseen          Advice = "no_data"
	AdviseThin            Advice = "little_data"
)

// Advices returns the closed set, the most pressing first.
func Advices() []Advice {
	return []Advice{
		AdviseAtRisk, AdviseLastTry, AdviseLost,
		AdviseExpired, AdviseCertificate, AdviseTLS, AdviseDNS, AdviseConnect, AdviseTimeout, AdviseServer, AdviseToken, AdviseGone,
		AdvisePath, AdviseRedirect, AdviseLimit, AdviseRefused, AdviseBroken, AdviseUnauthenticated, AdviseOther, AdviseRenewed,
		AdviseExpiring, AdviseSlow, AdviseUnseen, AdviseThin,
	}
}

// finding is an action for one endpoint, before equal ones are gathered.
type finding struct {
	Action
	need Verdict
}

// actions are the things to do, at most three: what fails before what may
// fail, then the most pressing, then where it happens most.
func actions(f Facts) []Action {
	var found []finding
	for _, e := range f.Endpoints {
		found = append(found, f.findings(e)...)
	}
	slices.SortStableFunc(found, func(a, b finding) int {
		return cmp.Or(b.need.rank()-a.need.rank(), a.place()-b.place(), a.sooner(b.Action),
			b.First.Failed-a.First.Failed, cmp.Compare(a.Endpoint, b.Endpoint))
	})
	list := []Action{}
	for _, one := range found {
		if i := slices.IndexFunc(list, one.same); i >= 0 {
			list[i].More++
			continue
		}
		list = append(list, one.Action)
	}
	return list[:min(len(list), mostActions)]
}

// place is that of an action among those that ask for as much, the most pressing
// first. A loss that is still some digests away comes after what is lost.
func (a Action) place() int {
	if a.comes() && a.Loss.DigestsLeft > 0 {
		return 2*slices.Index(Advices(), AdviseLost) + 1
	}
	return 2 * slices.Index(Advices(), a.Word)
}

// same reports whether two actions are told as one: what is over is not what
// goes on, and what is lost before the next digest not what is lost later.
func (a Action) same(b Action) bool {
	return a.Word == b.Word && a.past() == b.past() && (a.Loss.DigestsLeft > 0) == (b.Loss.DigestsLeft > 0)
}

// past reports whether an action is about what fails no more.
func (a Action) past() bool { return a.Again || !a.Since.IsZero() }

// comes reports whether an action is about a loss that comes.
func (a Action) comes() bool { return a.Word == AdviseAtRisk || a.Word == AdviseLastTry }

// sooner compares two losses: the one that comes first is told.
func (a Action) sooner(b Action) int {
	if !a.comes() || !b.comes() {
		return 0
	}
	return a.At.Compare(b.At)
}

// findings is what there is to do about one endpoint.
func (f Facts) findings(e Endpoint) []finding {
	if f.need(e) == OK {
		return nil
	}
	var list []finding
	add := func(need Verdict, a Action) {
		a.Endpoint, a.First, a.Deadline = e.ID, e.First, e.deadline()
		list = append(list, finding{a, need})
	}
	if need := e.Certificate.need(f.AsOf()); need != OK {
		word := e.Certificate.advice(f.AsOf())
		add(need, Action{Word: word, Fault: string(e.Certificate.Fault), At: e.Certificate.NotAfter})
	}
	worst, _ := e.worstFault()
	since, over := e.over(f.Window)
	request := Action{Word: f.adviceOn(e), Fault: string(worst.Word), Since: since, Again: e.again(f.Window), Looks: worst.Looks > 0 && worst.Attempts <= 0, Down: e.State == rules.StateDown, Earlier: string(e.earlier())}
	if over {
		request.Until = f.cleanUntil(e)
	}
	switch {
	case request.Word == AdviseRenewed && e.Certificate.renewed(f.AsOf()), request.Word == AdviseExpired && !e.ended().After(f.AsOf()):
		request.At = e.ended()
	}
	switch {
	case !e.failing() && !e.gone() && (!e.shaky() || worst.Word == ""):
	case len(list) > 0 && about(request.Word) && list[0].Word != AdviseExpiring: // said already
	default:
		if len(list) > 0 {
			list[0].Apart = true
		}
		add(e.needs(over), request)
	}
	if e.slow() && !slices.ContainsFunc(list, func(o finding) bool { return o.Word == AdviseTimeout }) {
		add(Attention, Action{Word: AdviseSlow, Took: e.P95})
	}
	switch {
	case len(list) > 0 || f.early():
	case e.unseen():
		add(Attention, Action{Word: AdviseUnseen})
	case f.thin(e) && !f.troubled(e):
		add(Attention, Action{Word: AdviseThin, Took: e.Covered})
	}
	f.losses(e, add)
	return list
}

// needs is what requests that failed ask for.
func (e Endpoint) needs(over bool) Verdict {
	if e.failing() && !over || e.gone() {
		return Act
	}
	return Attention
}

// about reports whether an advice is about the certificate.
func about(w Advice) bool { return w == AdviseExpired || w == AdviseCertificate || w == AdviseTLS }

func (e Endpoint) ended() time.Time {
	if e.Certificate == nil {
		return time.Time{}
	}
	return e.Certificate.NotAfter
}

// advice says what to do about a certificate that needs something.
func (c *Certificate) advice(now time.Time) Advice {
	switch {
	case !c.NotAfter.IsZero() && !c.NotAfter.After(now), c.Fault == certificate.FaultExpiredLeaf:
		return AdviseExpired
	case c.Verdict == certificate.Fail && !c.Fault.Unreached():
		return AdviseCertificate
	case c.NotAfter.IsZero(), c.NotAfter.Sub(now) >= c.margin(warnBelow, warnDays):
		return AdviseCertificate // a warning about something else than its end
	default:
		return AdviseExpiring
	}
}

// adviceOf says what to do about a fault of requests.
func adviceOf(f probes.Fault) Advice {
	switch f {
	case probes.FaultTLSExpired:
		return AdviseExpired
	case probes.FaultTLSNotYetValid, probes.FaultTLSUntrusted, probes.FaultTLSHostname, probes.FaultTLSUsage:
		return AdviseCertificate
	case probes.FaultTLSHandshake, probes.FaultTLSVersion, probes.FaultTLSClientCert, probes.FaultTimeoutTLS:
		return AdviseTLS
	case probes.FaultDNSNotFound, probes.FaultDNSNoAddress, probes.FaultDNSFailed, probes.FaultTimeoutDNS:
		return AdviseDNS
	case probes.FaultRefused, probes.FaultUnreachable, probes.FaultTimeoutConnect:
		return AdviseConnect
	case probes.FaultTimeoutResponse:
		return AdviseTimeout
	case probes.FaultHTTP5xx:
		return AdviseServer
	case probes.FaultHTTP401:
		return AdviseToken
	case probes.FaultHTTP410:
		return AdviseGone
	case probes.FaultHTTP404:
		return AdvisePath
	case probes.FaultHTTP3xx:
		return AdviseRedirect
	case probes.FaultHTTP429:
		return AdviseLimit
	case probes.FaultHTTP4xx:
		return AdviseRefused
	case probes.FaultReset, probes.FaultClosed, probes.FaultMalformed, probes.FaultHeadTooLarge:
		return AdviseBroken
	case probes.FaultAcceptsUnauthenticated:
		return AdviseUnauthenticated
	default:
		return AdviseOther
	}
}
