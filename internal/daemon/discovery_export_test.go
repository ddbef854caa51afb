package daemon

import (
	"context"
	"time"
)

// DiscoverNow does the duty job's work now.
func (d *Daemon) DiscoverNow() { d.discover(context.Background()) }

// SweepSeen does what the duty job would at another time.
func (d *Daemon) SweepSeen(at time.Time) error {
	_, _, err := d.registry.sweepSeen(context.Background(), at)
	return err
}

// SightsHeld returns how many sightings wait, were turned away, and are of
// endpoints that had attempts lately.
func (d *Daemon) SightsHeld() (waiting, turned, active int) {
	s := &d.registry.sights
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting), len(s.turned), len(s.active)
}

// Registry gives tests what is watched.
func (d *Daemon) Registry() *Registry { return d.registry }

// WatchedOf returns how many endpoints a digest of the merchant is about.
func (d *Daemon) WatchedOf(merchant string) int { return len(d.endpointsOf(merchant)) }
