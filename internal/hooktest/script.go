package hooktest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
)

// step is a behaviour ready to be used: with its leaf.
type step struct {
	spec
	cert *tls.Certificate // nil on a plain receiver
	own  bool             // the leaf is part of the behaviour, SetCertificate leaves it alone
}

// script is a list of steps, of which each connection takes one.
type script struct {
	steps []step
	loop  bool // after the last comes the first; otherwise the last stays
	next  int
}

func (s *script) take() step {
	at := s.steps[s.next]
	if s.next++; s.next == len(s.steps) {
		s.next--
		if s.loop {
			s.next = 0
		}
	}
	return at
}

// single reports whether there is nothing to choose: connections may live on.
func (s *script) single() bool { return len(s.steps) == 1 }

// EveryNth returns a script for [Receiver.Repeat] that is good but for each
// nth connection. It is bad alone when n is below 2.
func EveryNth(n int, good, bad Behaviour) []Behaviour {
	var list []Behaviour
	for range n - 1 {
		list = append(list, good)
	}
	return append(list, bad)
}

// prepareSteps looks the behaviours up and issues their leafs, so that a
// mistake shows before anything changes. Steps with the same name share a leaf.
func prepareSteps(names []Behaviour, o *Options, ip netip.Addr) ([]step, error) {
	if len(names) == 0 {
		return nil, errors.New("a script needs at least one behaviour")
	}
	made := map[Behaviour]step{}
	var steps []step
	for _, name := range names {
		if _, ok := made[name]; !ok {
			s, err := prepareStep(name, o, ip)
			if err != nil {
				return nil, err
			}
			made[name] = s
		}
		steps = append(steps, made[name])
	}
	return steps, nil
}

func prepareStep(name Behaviour, o *Options, ip netip.Addr) (step, error) {
	s, err := find(name)
	if err != nil {
		return step{}, err
	}
	at := step{spec: s, own: s.leaf != nil}
	switch {
	case s.TLS && !o.secure():
		return step{}, fmt.Errorf("behaviour %s needs TLS: set CA", s.name)
	case at.own && o.CA == nil:
		return step{}, fmt.Errorf("behaviour %s makes its own certificate: set CA", s.name)
	case !at.own && o.Certificate != nil:
		at.cert = o.Certificate
	case o.CA != nil:
		at.cert, err = issueFor(s, o, ip)
	}
	return at, err
}
