package alerting

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Ports are the configured receivers. They are read-only once handed over.
type Ports struct {
	Named    map[string]Port // by receiver name
	Fallback []Address       // of the ports without one of their own
	// Barred reports whether a receiver must not take what falls back, though it
	// stands in Fallback; nil: none is barred. It is asked at each use, from many
	// goroutines, and must not block.
	Barred func(receiver string) bool
}

// Port is one receiver as the outbox uses it.
type Port struct {
	Receiver Receiver
	Kind     string        // slack, email, ...: stored with the lane, and a metric label
	Pace     Pace          // zero: PaceOf(Kind)
	Timeout  time.Duration // of one Send; zero: 30 s
	AtOnce   int           // its lanes that send at the same time; zero: 32
	// Fallback is where its critical notices go while it fails, and where its
	// dead letters are told: the first that is another receiver and does not
	// fail itself.
	Fallback []Address
}

// port returns the receiver behind lane, complete. The notices of one that is
// no longer configured die, visibly.
func (p *Ports) port(lane string) Port {
	name := ReceiverOf(lane)
	port := p.Named[name]
	if port.Receiver == nil {
		port.Receiver = gone(name)
	}
	if port.Pace == (Pace{}) {
		port.Pace = PaceOf(port.Kind)
	}
	if port.Timeout <= 0 {
		port.Timeout = 30 * time.Second
	}
	if port.AtOnce <= 0 {
		port.AtOnce = 32
	}
	if len(port.Fallback) == 0 {
		port.Fallback = p.fallback()
	}
	return port
}

// fallback returns the fall-backs that are not barred now.
func (p *Ports) fallback() []Address {
	if p.Barred == nil {
		return p.Fallback
	}
	var list []Address
	for _, a := range p.Fallback {
		if !p.Barred(ReceiverOf(a.Lane)) {
			list = append(list, a)
		}
	}
	return list
}

// gone reports whether the receiver of a lane is not configured.
func (p *Ports) gone(lane string) bool { return p.Named[ReceiverOf(lane)].Receiver == nil }

// elsewhere returns the first fall-back of another receiver than lane's, from
// position hop on, and the position after it.
func (p Port) elsewhere(lane string, hop int) (to Address, next int, ok bool) {
	for i := hop; i < len(p.Fallback); i++ {
		if a := p.Fallback[i]; ReceiverOf(a.Lane) != ReceiverOf(lane) {
			return a, i + 1, true
		}
	}
	return Address{}, 0, false
}

// gone is in the place of a receiver that the configuration does not name.
type gone string

func isGone(p Port) bool { _, ok := p.Receiver.(gone); return ok }

func (g gone) Send(context.Context, Notice, Ref) (Ref, error) {
	return Ref{}, &SendError{Class: ClassDestination, Err: fmt.Errorf("receiver %q is not configured", string(g))}
}

// sendErrorOf gives a class to whatever a receiver returned. expired: the send
// ran out of its time, and may have arrived.
func sendErrorOf(err error, expired bool) *SendError {
	e, ok := errors.AsType[*SendError](err)
	switch {
	case ok && e == nil: // a nil pointer in an error; it has no text
		return &SendError{Class: ClassTransient}
	case ok && e.Class != "":
		return e
	case ok:
		return &SendError{Class: ClassTransient, RetryAfter: e.RetryAfter, Err: e.Err}
	case expired:
		return &SendError{Class: ClassAmbiguous, Err: err}
	default:
		return &SendError{Class: ClassTransient, Err: err}
	}
}
