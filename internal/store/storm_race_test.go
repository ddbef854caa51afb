//go:build race

package store_test

// stormSize is the endpoints of a storm: fewer under the race detector, which
// takes ten times as long.
const stormSize = 1000
