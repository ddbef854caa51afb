package demo

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// stage is all that the daemon watches: one server for each endpoint, and the
// platform's own service. Every server has an address of its own where the
// system gives one, so that they are as many hosts.
type stage struct {
	ca        *hooktest.CA
	receivers map[string]*hooktest.Receiver // by the ID of the endpoint, and ledger
	order     []string
}

// openStage starts the servers. On an error none of them runs.
func openStage() (*stage, error) {
	ca, err := hooktest.NewCA("hookvigil demo root")
	if err != nil {
		return nil, err
	}
	s := &stage{ca: ca, receivers: map[string]*hooktest.Receiver{}}
	for _, m := range merchants() {
		for _, ep := range m.Endpoints {
			s.order = append(s.order, ep.ID)
		}
	}
	s.order = append(s.order, ledgerTarget)
	for i, id := range s.order {
		r, err := startReceiver(ca, i)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("server of %s: %w", id, err)
		}
		s.receivers[id] = r
	}
	return s, nil
}

// startReceiver listens on 127.0.0.11 and up; on 127.0.0.1 where the system
// knows no other loopback address.
func startReceiver(ca *hooktest.CA, i int) (*hooktest.Receiver, error) {
	var faults []error
	for _, addr := range []string{fmt.Sprintf("127.0.0.%d:0", 11+i), "127.0.0.1:0"} {
		r, err := hooktest.New(hooktest.Options{CA: ca, Addr: addr})
		if err == nil {
			err = r.Start()
		}
		if err == nil {
			return r, nil
		}
		faults = append(faults, err)
	}
	return nil, errors.Join(faults...)
}

func (s *stage) close() {
	for _, r := range s.receivers {
		r.Close()
	}
}

// cue is something that happens on the stage.
type cue struct {
	at time.Duration
	do func() error
}

// cues returns what happens, in order; the demonstration began at begun.
func (s *stage) cues(begun time.Time) []cue {
	ledger, hanging, expiring := s.receivers[ledgerTarget], s.receivers[hangingEndpoint], s.receivers[expiringEndpoint]
	return []cue{
		{0, func() error { return s.expires(expiring, begun.Add(runsOut)) }},
		{trouble, func() error { return ledger.Set(hooktest.CertExpired) }},
		{hangs, func() error { return hanging.Set(hooktest.Hang) }},
		{fullFix, func() error {
			return errors.Join(ledger.Set(hooktest.OK), hanging.Set(hooktest.OK), expiring.SetCertificate(nil))
		}},
	}
}

// expires gives r a certificate that ends at a time, as one of 90 days does.
func (s *stage) expires(r *hooktest.Receiver, at time.Time) error {
	cert, err := s.ca.Issue(hooktest.LeafOptions{
		IPs: []netip.Addr{r.Addr().Addr()}, NotBefore: at.Add(-90 * 24 * time.Hour), NotAfter: at,
	})
	if err != nil {
		return err
	}
	return r.SetCertificate(&cert)
}

// play lets each cue happen at its time, until ctx ends or the last is over.
func (s *stage) play(ctx context.Context, begun time.Time) error {
	for _, c := range s.cues(begun) {
		if !sleep(ctx, time.Until(begun.Add(c.at))) {
			return nil
		}
		if err := c.do(); err != nil {
			return fmt.Errorf("scene at %s: %w", c.at, err)
		}
	}
	return nil
}

// sleep reports false when ctx ended before d was over.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
