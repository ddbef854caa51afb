//go:build race && !integration

package store

import "time"

const (
	// retainKills is fewer under the race detector, which makes each start
	// cost seconds.
	retainKills = 3
	killWithin  = 300 * time.Millisecond
)
