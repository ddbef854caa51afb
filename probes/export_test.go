package probes

import "time"

// Wait makes p wait for d where it ordinarily waits for 2 s, or less: for the
// end of a body, and for a late refusal of the client certificate.
func (p *Prober) Wait(d time.Duration) *Prober {
	p.waits = waits{body: d, settle: d}
	return p
}
