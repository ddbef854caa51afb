//go:build !race || integration

package store

import "time"

const (
	// retainKills is how often the retainer is killed.
	retainKills = 20
	// killWithin is how long after it has begun, at most: two slots take as long.
	killWithin = 60 * time.Millisecond
)
