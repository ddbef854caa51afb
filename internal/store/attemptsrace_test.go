//go:build race

package store

// slower is how much less is applied by the tests: the race detector makes
// SQLite fourteen times slower.
const slower = 50
