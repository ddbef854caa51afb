//go:build race

package store

// slower is how much less is applied by the tests: the race detector makes
// SQLite thirty times slower. modelChecks bounds the runs of the property.
const (
	slower      = 200
	modelChecks = 8
)
