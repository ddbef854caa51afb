package probes

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"
)

// Config is what a [Prober] needs besides its guard.
type Config struct {
	Version     string         // shown in the User-Agent
	OperatorURL *url.URL       // where a merchant learns who probes; nil: left out
	Roots       *x509.CertPool // for endpoints without their own; nil: the system's
}

// Prober probes endpoints. It is safe for concurrent use, starts nothing in
// the background and keeps nothing between probes, but for the connections of
// endpoints with keep_alive.
type Prober struct {
	guard     *Guard
	roots     *x509.CertPool
	userAgent string
	log       *slog.Logger
	panicked  func()
	kept      keptLines
	waits     waits
}

// waits are for what follows a verdict that is nearly there. The zero value has
// the ordinary ones.
type waits struct {
	body   time.Duration // for the end of a body; 0: bodyTime
	settle time.Duration // for a late refusal of the client certificate; 0: settleWait
}

// NewProber returns a prober that dials through guard. panicked is called
// after a panic in a probe was recovered and logged; it may be nil.
func NewProber(cfg Config, guard *Guard, log *slog.Logger, panicked func()) *Prober {
	agent := "hookvigil/" + cfg.Version
	if cfg.OperatorURL != nil {
		agent += " (+" + cfg.OperatorURL.String() + ")"
	}
	return &Prober{guard: guard, roots: cfg.Roots, userAgent: agent, log: log, panicked: panicked}
}

// Probe makes one probe of ep and judges it by itself: a verdict that needs
// memory is for [Memory.Step]. It blocks for at most the policy's timeout for
// the head and 2 s more for the body, and ends early with FaultCanceled when
// ctx is canceled. Whatever goes wrong is in the result.
func (p *Prober) Probe(ctx context.Context, ep Endpoint) (r Result) {
	l := newLook(p, ep)
	defer func() {
		if v := recover(); v != nil {
			p.log.Error("probe panicked", "endpoint", ep.ID, "panic", clip(fmt.Sprint(v)), "stack", string(debug.Stack()))
			if p.panicked != nil {
				p.panicked()
			}
			r = l.end(FaultInternal, "panic in the probe; see the log")
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, ep.Policy.Timeout)
	defer cancel()
	return l.inTime(l.run(ctx), time.Now())
}

// latestEnd is how much later than its bound a probe may end. Beyond, this
// process was stopped, or it had no processor: what came of the probe says
// nothing about the endpoint. Time in which a machine sleeps does not show here:
// the monotonic clock of Linux stands still meanwhile.
const latestEnd = 5 * time.Second

// inTime returns r, unless the probe ended so late that it says nothing.
func (l *look) inTime(r Result, now time.Time) Result {
	late := now.Sub(l.begun) - l.ep.Policy.Timeout - cmp.Or(l.p.waits.body, bodyTime)
	if late <= latestEnd {
		return r
	}
	return l.end(FaultInternal, fmt.Sprintf("this process stood still: the probe ended %s after its time", late.Round(time.Second)))
}

// Forget closes what is kept of an endpoint that is gone or has changed.
func (p *Prober) Forget(id string) { p.kept.drop(id) }

// Close closes every kept connection.
func (p *Prober) Close() { p.kept.dropAll() }

// look is one probe under way.
type look struct {
	p     *Prober
	ep    Endpoint
	r     Result
	begun time.Time // of the probe
	in    phase
	since time.Time // of the phase
	asked bool      // the server asked for a client certificate
}

func newLook(p *Prober, ep Endpoint) *look {
	now := time.Now()
	l := &look{p: p, ep: ep, begun: now, since: now}
	l.r = Result{EndpointID: ep.ID, At: now.UTC(), Level: ep.Policy.Level}
	if ep.URL.Scheme == "http" {
		l.r.Notes |= NoteCleartext
	}
	return l
}

// run takes the probe through its phases. Each method of the level is one
// exchange; the next one follows only after 405 or 501.
func (l *look) run(ctx context.Context) Result {
	if l.ep.Policy.Level == LevelTLS {
		return l.runTLS(ctx)
	}
	for i, method := range l.ep.Policy.Level.methods() {
		if i > 0 && !l.asksOn() {
			break
		}
		l.begin(method)
		if err := l.ask(ctx, method); err != nil {
			return l.fail(ctx, err)
		}
	}
	return l.judge()
}

func (l *look) runTLS(ctx context.Context) Result {
	ln, err := l.open(ctx)
	if err != nil {
		return l.fail(ctx, err)
	}
	defer ln.close()
	if err := l.settle(ln); err != nil {
		return l.fail(ctx, err)
	}
	return l.judge()
}

// ask sends one request and reads its answer, over a kept connection when
// there is one that still lives.
func (l *look) ask(ctx context.Context, method string) error {
	if ln := l.p.kept.take(l.ep); ln != nil {
		l.adopt(ln)
		err := l.exchange(ctx, ln, method)
		if err == nil || ctx.Err() != nil || !ln.stale(err) {
			return err
		}
	}
	ln, err := l.open(ctx)
	if err != nil {
		return err
	}
	return l.exchange(ctx, ln, method)
}

// begin forgets what the answer to the method before said: this one decides.
func (l *look) begin(method string) {
	l.r.Method, l.r.Status, l.r.Took = method, 0, 0
	l.r.HTTPMajor, l.r.HTTPMinor, l.r.BodyBytes, l.r.RetryAfter, l.r.Location = 0, 0, 0, 0, ""
}

// asksOn reports whether the next method of the level follows this answer.
func (l *look) asksOn() bool {
	return l.r.Method == http.MethodOptions && (l.r.Status == http.StatusMethodNotAllowed || l.r.Status == http.StatusNotImplemented)
}

// enter ends the running phase and begins another.
func (l *look) enter(next phase) {
	now := time.Now()
	*l.spent() += now.Sub(l.since)
	l.in, l.since = next, now
}

// spent is where the time of the running phase is booked.
func (l *look) spent() *time.Duration {
	switch l.in {
	case phaseResolve:
		return &l.r.Phases.Resolve
	case phaseConnect:
		return &l.r.Phases.Connect
	case phaseTLS:
		return &l.r.Phases.TLS
	default:
		return &l.r.Phases.Wait
	}
}

// fail ends the probe with the fault that err means in this phase.
func (l *look) fail(ctx context.Context, err error) Result {
	fault := classify(l.in, err)
	switch {
	case timedOut(err) && context.Cause(ctx) == context.Canceled: //nolint:errorlint // the cause is the sentinel itself
		fault = FaultCanceled
	case l.asked && clientCertRefused(err):
		fault = FaultTLSClientCert
	}
	return l.end(fault, l.redact(detail(l.in, err)))
}

// end closes the books with a fault.
func (l *look) end(fault Fault, text string) Result {
	if l.r.Took == 0 {
		l.stop()
	}
	l.r.Fault, l.r.Detail = fault, text
	switch fault {
	case FaultBlocked, FaultInvalidURL:
		l.r.Verdict = Blocked
	case FaultCanceled, FaultInternal, FaultUnknown, FaultSenderError:
		l.r.Verdict = Unknown
	case FaultAcceptsUnauthenticated:
		l.r.Verdict = Degraded
	default:
		l.r.Verdict = Down
	}
	return l.r
}

// stop takes the time of the verdict.
func (l *look) stop() {
	now := time.Now()
	*l.spent() += now.Sub(l.since)
	l.since = now
	l.r.Took = now.Sub(l.begun)
}
