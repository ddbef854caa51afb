package daemon

import "time"

// FeedProblems returns what keeps feeds from bringing anything, as it would be
// said at another time.
func (d *Daemon) FeedProblems(at time.Time) []string { return d.feeds.problems(at) }

// FeedsHeard returns how many feeds are in trouble, and how many run.
func (d *Daemon) FeedsHeard() (troubled, running int) {
	d.feeds.mu.Lock()
	defer d.feeds.mu.Unlock()
	for _, s := range d.feeds.states {
		if s.err != nil {
			troubled++
		}
	}
	return troubled, len(d.feeds.states)
}
